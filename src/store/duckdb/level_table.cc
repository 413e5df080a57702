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

std::string column_list(Level level) {
  std::string list;
  for (const SqlColumn& c : sql_columns(level)) list += (list.empty() ? "" : ", ") + c.name;
  return list;
}

// In the table's order.
Result<std::vector<std::string>> table_columns(Connection& connection, std::string_view table) {
  auto rows = connection.query(fmt::format("SELECT column_name FROM duckdb_columns() WHERE table_name = '{}' "
                                           "ORDER BY column_index",
                                           table),
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

std::string source_of(Level level) {
  if (level != Level::kRaw) return table_of(level);
  const std::string columns = column_list(level);
  return fmt::format("(SELECT {} FROM {} UNION ALL SELECT {} FROM {}) AS windows", columns, table_of(level), columns,
                     kNewTable);
}

Status move_new_windows(Connection& connection) {
  const std::string columns = column_list(Level::kRaw);
  return connection.run(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} ORDER BY path, start_ms, record; "
                                    "DELETE FROM {}",
                                    table_of(Level::kRaw), columns, columns, kNewTable, kNewTable),
                        "move new windows");
}

std::string create_level_table(std::string_view table, Level level) {
  std::string ddl;
  for (const SqlColumn& c : sql_columns(level)) ddl += fmt::format("{}{} {}", ddl.empty() ? "" : ", ", c.name, c.type);
  return fmt::format("CREATE TABLE {} ({})", table, ddl);
}

Status add_missing_columns(Connection& connection, std::string_view table, Level level) {
  const auto present = table_columns(connection, table);
  if (!present) return tl::unexpected(present.error());
  for (const SqlColumn& c : sql_columns(level)) {
    if (std::ranges::find(*present, c.name) != present->end()) continue;
    auto status = connection.run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table, c.name, c.type), "add column");
    if (!status) return status;
  }
  return {};
}

Result<LevelLayout> read_layout(Connection& connection, std::string_view table, Level level) {
  const auto present = table_columns(connection, table);
  if (!present) return tl::unexpected(present.error());
  LevelLayout layout;
  std::vector<bool> is_ours(present->size());
  for (const SqlColumn& c : sql_columns(level)) {
    const auto at = std::ranges::find(*present, c.name);
    if (at == present->end()) {
      return failure(ErrorCode::kCorrupt, "read columns", std::string(table), c.name + " is missing",
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
