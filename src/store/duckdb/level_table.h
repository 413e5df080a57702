#pragma once

// The tables packed_raw, packed_1m, packed_1h and packed_1d: their columns from the schema, appending to them in bulk
// and reading them by column; and the views window_raw … window_1d, which show them as the schema has them.
//
// Columns: path, start_step, start_rest_ms, run, (rollups: windows), then the schema's numbers in order, as distances
// from the column that they are near to, then each sketch as a list of digits (store/sketch_code.h).
// docs/spec/tables.md has it to the digit.

#include <memory>

#include "store/duckdb/connection.h"
#include "store/row_block.h"

struct _duckdb_appender;

namespace gnomon::store::duckdb {

std::string table_of(Level level);
std::string view_of(Level level);
std::string create_level_table(Level level);
// The macros that read digits, and the views over them, anew: a program of another schema may have made those there.
Status create_views(Connection& connection);
// Adds the columns of a newer schema that an existing table lacks; its older rows have no values there.
Status add_missing_columns(Connection& connection, Level level);

// Where our columns stand in the table of a file, which an older or newer program may have made.
struct LevelLayout {
  std::vector<std::size_t> place;    // of each of our columns
  std::vector<std::size_t> unknown;  // columns that this program's schema does not have
};
Result<LevelLayout> read_layout(Connection& connection, Level level);

// Appends the rows of one run, by path, then start. They become visible with the connection's transaction.
class LevelAppender {
 public:
  static Result<LevelAppender> open(Connection& connection, Level level, const LevelLayout& layout, std::int64_t run);
  LevelAppender(LevelAppender&&) noexcept;
  ~LevelAppender();
  // Any number of rows.
  Status append(const RowBlock& rows);
  // Hands everything over; no append() after it.
  Status close();

 private:
  struct State;
  explicit LevelAppender(std::unique_ptr<State> state);
  Status append_chunk(const RowBlock& rows, std::size_t first, std::size_t count);
  std::unique_ptr<State> state_;
};

// Reads rows of one level table.
class LevelScan {
 public:
  // `where` is SQL without the keyword; `sketches` as in Accumulator. Rows come in the order of the table.
  static Result<LevelScan> open(Connection& connection, Level level, const std::string& where, unsigned sketches);
  // Replaces `rows` by the next chunk; false at the end. kMean columns come as sums.
  Result<bool> next(RowBlock& rows);

 private:
  LevelScan(Rows rows, Level level, unsigned sketches) : rows_(std::move(rows)), level_(level), sketches_(sketches) {}
  Rows rows_;
  Level level_;
  unsigned sketches_;
};

}  // namespace gnomon::store::duckdb
