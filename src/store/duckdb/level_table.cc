#include "store/duckdb/level_table.h"

#include <set>

namespace gnomon::store::duckdb {

namespace {

struct SqlColumn {
  std::string name;
  std::string type;
};

std::string rollup_type(const ScalarColumn& column, const std::string& raw) {
  const bool sums = column.aggregation == schema::Aggregation::kSum || column.aggregation == schema::Aggregation::kMean;
  return sums ? "BIGINT" : raw;
}

std::vector<SqlColumn> sql_columns(Level level) {
  std::vector<SqlColumn> columns = {{"path", "INTEGER"}, {"start_ms", "BIGINT"}, {"record", "BIGINT"}};
  const bool raw = level == Level::kRaw;
  if (!raw) columns.push_back({"windows", "BIGINT"});
  const auto all = schema::delay_columns();
  for (const ScalarColumn& scalar : level_columns().scalars) {
    const std::string type = schema::duckdb_columns(all[scalar.place]).front().type;
    const bool sum = !raw && scalar.aggregation == schema::Aggregation::kMean;
    columns.push_back({sum ? scalar.name + "_sum" : scalar.name, raw ? type : rollup_type(scalar, type)});
  }
  for (const SketchColumn& sketch : level_columns().sketches) {
    for (const schema::TableColumn& part : schema::duckdb_columns(all[sketch.place])) {
      columns.push_back({part.name, part.type});
    }
  }
  return columns;
}

}  // namespace

std::string table_of(Level level) {
  return fmt::format("window_{}", to_string(level));
}

std::vector<std::string> column_names(Level level) {
  std::vector<std::string> names;
  for (SqlColumn& c : sql_columns(level)) names.push_back(std::move(c.name));
  return names;
}

std::string create_level_table(Level level) {
  std::string ddl;
  for (const SqlColumn& c : sql_columns(level)) ddl += fmt::format("{}{} {}", ddl.empty() ? "" : ", ", c.name, c.type);
  return fmt::format("CREATE TABLE {} ({})", table_of(level), ddl);
}

Result<std::vector<std::string>> missing_columns(Connection& connection, Level level) {
  auto rows = connection.query(
      fmt::format("SELECT column_name FROM duckdb_columns() WHERE table_name = '{}'", table_of(level)), "read columns");
  if (!rows) return tl::unexpected(rows.error());
  std::set<std::string> present;
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    for (std::size_t i = 0; i < rows->size(); ++i) present.insert(rows->text(0, i));
  }
  std::vector<std::string> statements;
  for (const SqlColumn& c : sql_columns(level)) {
    if (present.contains(c.name)) continue;
    statements.push_back(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table_of(level), c.name, c.type));
  }
  return statements;
}

}  // namespace gnomon::store::duckdb
