#include "store/duckdb/level_table.h"

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

// In the table's order.
Result<std::vector<std::string>> table_columns(Connection& connection, Level level) {
  auto rows = connection.query(fmt::format("SELECT column_name FROM duckdb_columns() WHERE table_name = '{}' "
                                           "ORDER BY column_index",
                                           table_of(level)),
                               "read columns");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<std::string> names;
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return names;
    for (std::size_t i = 0; i < rows->size(); ++i) names.push_back(rows->text(0, i));
  }
}

}  // namespace

std::string table_of(Level level) {
  return fmt::format("window_{}", to_string(level));
}

std::string create_level_table(Level level) {
  std::string ddl;
  for (const SqlColumn& c : sql_columns(level)) ddl += fmt::format("{}{} {}", ddl.empty() ? "" : ", ", c.name, c.type);
  return fmt::format("CREATE TABLE {} ({})", table_of(level), ddl);
}

Status add_missing_columns(Connection& connection, Level level) {
  const auto present = table_columns(connection, level);
  if (!present) return tl::unexpected(present.error());
  for (const SqlColumn& c : sql_columns(level)) {
    if (std::ranges::find(*present, c.name) != present->end()) continue;
    auto status =
        connection.run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table_of(level), c.name, c.type), "add column");
    if (!status) return status;
  }
  return {};
}

Result<LevelLayout> read_layout(Connection& connection, Level level) {
  const auto present = table_columns(connection, level);
  if (!present) return tl::unexpected(present.error());
  LevelLayout layout;
  std::vector<bool> is_ours(present->size());
  for (const SqlColumn& c : sql_columns(level)) {
    const auto at = std::ranges::find(*present, c.name);
    if (at == present->end()) {
      return failure(ErrorCode::kCorrupt, "read columns", table_of(level), c.name + " is missing",
                     "run `gnomon rebuild DIR` to remake the tables from the journal");
    }
    layout.place.push_back(static_cast<std::size_t>(at - present->begin()));
    is_ours[layout.place.back()] = true;
  }
  for (std::size_t i = 0; i < is_ours.size(); ++i) {
    if (!is_ours[i]) layout.unknown.push_back(i);
  }
  return layout;
}

}  // namespace gnomon::store::duckdb
