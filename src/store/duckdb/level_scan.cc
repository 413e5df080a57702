#include "store/duckdb/level_chunk.h"
#include "store/duckdb/level_table.h"

namespace gnomon::store::duckdb {

Result<LevelScan> LevelScan::open(Connection& connection, Level level, const std::string& where, ColumnChoice choice) {
  const std::string sql =
      fmt::format("SELECT {} FROM {} WHERE {}", columns_to_read(level, choice), table_of(level), where);
  auto rows = connection.query(sql, "read windows");
  if (!rows) return tl::unexpected(rows.error());
  return LevelScan(std::move(*rows), level, std::move(choice));
}

Result<bool> LevelScan::next(RowBlock& out) {
  auto more = rows_.next();
  if (!more || !*more) return more;
  read_chunk(rows_.chunk(), 0, level_, choice_, out);
  return true;
}

}  // namespace gnomon::store::duckdb
