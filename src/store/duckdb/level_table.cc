#include "store/duckdb/level_table.h"

#include "store/duckdb/sketch_macros.h"
#include "store/duckdb/start_sql.h"

namespace gnomon::store::duckdb {

namespace {

std::string rollup_type(const ScalarColumn& column, const std::string& raw) {
  const bool sums = column.aggregation == schema::Aggregation::kSum || column.aggregation == schema::Aggregation::kMean;
  return sums ? "BIGINT" : raw;
}

std::string name_at(const ScalarColumn& column, Level level) {
  const bool sum = level != Level::kRaw && column.aggregation == schema::Aggregation::kMean;
  return sum ? column.name + "_sum" : column.name;
}

// A number as the schema has it.
std::string shown_value(const ScalarColumn& column, Level level) {
  const std::string name = name_at(column, level);
  const auto near = near_of(column, level);
  if (!near) return name;
  return fmt::format("({} + coalesce({}, 0))", name, shown_value(level_columns().scalars[*near], level));
}

// A view's column of a number: what the table holds, plus what it is near to.
std::string shown(const ScalarColumn& column, Level level) {
  if (!near_of(column, level)) return name_at(column, level);
  return fmt::format("{} AS {}", shown_value(column, level), name_at(column, level));
}

std::string create_view(Level level) {
  std::string list = fmt::format("path, {} AS start_ms{}", start_sql(), level == Level::kRaw ? "" : ", windows");
  for (const ScalarColumn& column : level_columns().scalars) list += ", " + shown(column, level);
  for (const SketchColumn& sketch : level_columns().sketches) {
    const std::string near =
        sketch.near ? shown_value(level_columns().scalars[*sketch.near], level) : std::string("NULL");
    const std::string buckets = fmt::format("sketch_buckets({}, bucket_number({}))", sketch.name, near);
    list += fmt::format(
        ", list_transform({0}, lambda b: b.number) AS {1}_number, list_transform({0}, lambda b: b.packets) AS "
        "{1}_count",
        buckets, sketch.name);
  }
  return fmt::format("CREATE OR REPLACE VIEW {} AS SELECT {} FROM {};", view_of(level), list, table_of(level));
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
  return fmt::format("packed_{}", to_string(level));
}
std::string view_of(Level level) {
  return fmt::format("window_{}", to_string(level));
}

std::vector<LevelColumn> columns_of(Level level) {
  const bool raw = level == Level::kRaw;
  std::vector<LevelColumn> columns = {
      {"path", "INTEGER"}, {"start_step", "BIGINT"}, {"start_rest_ms", "USMALLINT"}, {"run", "BIGINT"}};
  if (!raw) columns.push_back({"windows", "BIGINT"});
  const auto all = schema::delay_columns();
  for (const ScalarColumn& scalar : level_columns().scalars) {
    const std::string type = schema::duckdb_columns(all[scalar.place]).front().type;
    const std::string wide = near_of(scalar, level) ? "BIGINT" : type;  // a distance may be negative
    columns.push_back({name_at(scalar, level), raw ? wide : rollup_type(scalar, wide)});
  }
  for (const SketchColumn& sketch : level_columns().sketches) columns.push_back({sketch.name, "UTINYINT[]"});
  return columns;
}

std::string create_level_table(Level level) {
  std::string ddl;
  for (const LevelColumn& c : columns_of(level)) {
    // Digits are most of a row and pack well; trying the other compressions on them takes time.
    const bool is_list = c.type.ends_with("[]");
    ddl += fmt::format("{}{} {}{}", ddl.empty() ? "" : ", ", c.name, c.type,
                       is_list ? " USING COMPRESSION bitpacking" : "");
  }
  return fmt::format("CREATE TABLE {} ({})", table_of(level), ddl);
}

Status create_views(Connection& connection) {
  std::string sql(kSketchMacros);
  for (std::size_t l = 0; l < kLevels; ++l) sql += create_view(static_cast<Level>(l));
  // Binding them takes most of the time of opening a store, so they are made again only when they differ.
  if (auto status = connection.run("CREATE TABLE IF NOT EXISTS view_text (sql VARCHAR)", "create views"); !status) {
    return status;
  }
  std::string quoted = sql;
  for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 2) quoted.insert(at, 1, '\'');
  const auto same =
      connection.number(fmt::format("SELECT count(*) FROM view_text WHERE sql = '{}'", quoted), "look at views");
  if (!same) return tl::unexpected(same.error());
  if (*same > 0) return {};
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto status = connection.run(sql, "create views"); !status) return status;
  const auto note = fmt::format("DELETE FROM view_text; INSERT INTO view_text VALUES ('{}')", quoted);
  if (auto status = connection.run(note, "create views"); !status) return status;
  return transaction->commit();
}

Status add_missing_columns(Connection& connection, Level level) {
  const std::string table = table_of(level);
  const auto present = table_columns(connection, table);
  if (!present) return tl::unexpected(present.error());
  for (const LevelColumn& c : columns_of(level)) {
    if (std::ranges::find(*present, c.name) != present->end()) continue;
    auto status = connection.run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table, c.name, c.type), "add column");
    if (!status) return status;
  }
  return {};
}

}  // namespace gnomon::store::duckdb
