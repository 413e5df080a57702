#pragma once

// The tables packed_raw, packed_1m, packed_1h and packed_1d: their columns from the schema, and reading them by column
// (level_insert.h fills them); and the views window_raw … window_1d, which show them as the schema has them.
//
// Columns: path, start_step, start_rest_ms, run, (rollups: windows), then the schema's numbers in order, as distances
// from the column that they are near to, then each sketch as a list of digits (store/sketch_code.h).
// docs/spec/tables.md has it to the digit.

#include "store/duckdb/connection.h"
#include "store/row_block.h"

namespace gnomon::store::duckdb {

std::string table_of(Level level);
std::string view_of(Level level);
// A column of a level's table as this program's schema has it; `type` is SQL.
struct LevelColumn {
  std::string name;
  std::string type;
};
std::vector<LevelColumn> columns_of(Level level);
std::string create_level_table(Level level);
// The macros that read digits, and the views over them, anew: a program of another schema may have made those there.
Status create_views(Connection& connection);
// Adds the columns of a newer schema that an existing table lacks; its older rows have no values there.
Status add_missing_columns(Connection& connection, Level level);

// Reads rows of one level table.
class LevelScan {
 public:
  // `where` is SQL without the keyword. Rows come in the order of the table.
  static Result<LevelScan> open(Connection& connection, Level level, const std::string& where, ColumnChoice choice);
  // Replaces the chosen columns of `rows` by those of the next chunk; false at the end. kMean columns come as sums.
  Result<bool> next(RowBlock& rows);

 private:
  LevelScan(Rows rows, Level level, ColumnChoice choice)
      : rows_(std::move(rows)), level_(level), choice_(std::move(choice)) {}
  Rows rows_;
  Level level_;
  ColumnChoice choice_;
};

}  // namespace gnomon::store::duckdb
