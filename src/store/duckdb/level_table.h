#pragma once

// The tables window_raw, window_1m, window_1h and window_1d: their columns from the schema, appending to them in bulk
// and reading them by column. Raw windows that came a few at a time wait in window_new; every few hours they
// move to window_raw, by path and time: so they take less room, and those of one path lie together.
//
// Columns: path, start_ms, record, (rollups: windows), then the schema's numbers in order, then each sketch as the
// lists NAME_number and NAME_count.

#include <memory>

#include "store/duckdb/connection.h"
#include "store/row_block.h"

struct _duckdb_appender;

namespace gnomon::store::duckdb {

inline constexpr std::string_view kNewTable = "window_new";
std::string table_of(Level level);
// What a query reads from: for kRaw both tables.
std::string source_of(Level level);
std::string create_level_table(std::string_view table, Level level);
// All of window_new goes to window_raw, in the caller's transaction.
Status move_new_windows(Connection& connection);
// Adds the columns of a newer schema that an existing table lacks; its older rows have no values there.
Status add_missing_columns(Connection& connection, std::string_view table, Level level);

// Where our columns stand in the table of a file, which an older or newer program may have made.
struct LevelLayout {
  std::vector<std::size_t> place;    // of each of our columns
  std::vector<std::size_t> unknown;  // columns that this program's schema does not have
};
Result<LevelLayout> read_layout(Connection& connection, std::string_view table, Level level);

// Rows become visible with the connection's transaction.
class LevelAppender {
 public:
  static Result<LevelAppender> open(Connection& connection, std::string_view table, Level level,
                                    const LevelLayout& layout);
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
  // `where` and `order` are SQL without the keywords; `sketches` as in Accumulator.
  static Result<LevelScan> open(Connection& connection, Level level, const std::string& where, const std::string& order,
                                unsigned sketches);
  // Replaces `rows` by the next chunk; false at the end. kMean columns come as sums.
  Result<bool> next(RowBlock& rows);

 private:
  LevelScan(Rows rows, Level level, unsigned sketches) : rows_(std::move(rows)), level_(level), sketches_(sketches) {}
  Rows rows_;
  Level level_;
  unsigned sketches_;
};

}  // namespace gnomon::store::duckdb
