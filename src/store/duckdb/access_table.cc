#include "store/duckdb/access_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <unordered_map>

#include "schema/access_columns.h"
#include "schema/access_fields.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::string_view kOwnColumns = "record BIGINT, place INTEGER, probe VARCHAR, site VARCHAR";

// Texts hold no control characters (schema/batch_text.h), so that lines and tabs part them.
std::string evidence_text(const std::vector<schema::AccessEvidence>& items) {
  std::string text;
  for (const auto& item : items) text += fmt::format("{}\t{}\t{}\n", item.name, item.value, item.unit);
  return text;
}

std::vector<schema::AccessEvidence> read_evidence(std::string_view text) {
  std::vector<schema::AccessEvidence> items;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    schema::AccessEvidence& item = items.emplace_back();
    item.name = line.substr(0, first);
    std::from_chars(line.data() + first + 1, line.data() + second, item.value);
    item.unit = line.substr(second + 1);
  }
  return items;
}

// A member as a cell. Texts must outlive it.
struct CellMaker {
  std::deque<std::string>& texts;

  Cell operator()(WallTime time) const { return to_unix_ms(time); }
  Cell operator()(std::chrono::milliseconds length) const { return static_cast<std::int64_t>(length.count()); }
  Cell operator()(const std::string& text) const { return std::string_view(text); }
  Cell operator()(std::uint32_t value) const { return std::uint64_t{value}; }
  Cell operator()(std::uint64_t value) const { return value; }
  template <typename E>
  requires std::is_enum_v<E> Cell operator()(E value) const { return static_cast<std::uint64_t>(value); }
  Cell operator()(double value) const { return value; }
  Cell operator()(Nanoseconds delay) const { return static_cast<std::int64_t>(delay.count()); }
  template <typename T>
  Cell operator()(const std::optional<T>& value) const {
    return value ? (*this)(*value) : Cell();
  }
  Cell operator()(const std::vector<schema::AccessEvidence>& items) const {
    return std::string_view(texts.emplace_back(evidence_text(items)));
  }
};

// A cell into a member.
struct CellReader {
  const Rows& rows;
  std::size_t row;
  std::size_t column = 0;

  void operator()(WallTime& out) const { out = from_unix_ms(rows.integer(column, row)); }
  void operator()(std::chrono::milliseconds& out) const { out = std::chrono::milliseconds(rows.integer(column, row)); }
  void operator()(std::string& out) const { out = rows.text(column, row); }
  void operator()(std::uint32_t& out) const { out = static_cast<std::uint32_t>(rows.integer(column, row)); }
  void operator()(std::uint64_t& out) const { out = rows.natural(column, row); }
  template <typename E>
  requires std::is_enum_v<E>
  void operator()(E& out) const { out = static_cast<E>(rows.integer(column, row)); }
  void operator()(double& out) const { out = rows.real(column, row); }
  void operator()(Nanoseconds& out) const { out = Nanoseconds(rows.integer(column, row)); }
  template <typename T>
  void operator()(std::optional<T>& out) const {
    if (!rows.is_null(column, row)) (*this)(out.emplace());
  }
  void operator()(std::vector<schema::AccessEvidence>& out) const { out = read_evidence(rows.text(column, row)); }
};

Result<std::vector<std::string>> present_columns(Connection& connection) {
  auto rows = connection.query(
      "SELECT column_name FROM duckdb_columns() WHERE table_name = 'access_result' ORDER BY column_index",
      "look at columns");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<std::string> names;
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return names;
    for (std::size_t i = 0; i < rows->size(); ++i) names.push_back(rows->text(0, i));
  }
}

std::unordered_map<std::string_view, Cell> cells_of(const AccessRow& row, std::deque<std::string>& texts) {
  const CellMaker make{texts};
  std::unordered_map<std::string_view, Cell> cells = {
      {"record", static_cast<std::int64_t>(row.record)},
      {"place", static_cast<std::int64_t>(row.place)},
      {"probe", std::string_view(texts.emplace_back(to_string(row.probe)))},
      {"site", std::string_view(row.site)}};
  schema::for_each_field(row.result, [&](std::uint32_t number, const auto& member) {
    cells.emplace(schema::access_column_name(number), make(member));
  });
  return cells;
}

}  // namespace

Status prepare_access_table(Connection& connection) {
  const auto present = present_columns(connection);
  if (!present) return tl::unexpected(present.error());
  std::string sql;
  for (const schema::AccessColumn& column : schema::access_columns()) {
    if (present->empty()) {
      sql += ", " + schema::duckdb_ddl(column);
    } else if (std::ranges::find(*present, column.name) == present->end()) {
      // What older rows do not say is unknown, or what the wire leaves out: zero or no text.
      std::string ddl = schema::duckdb_ddl(column);
      const bool is_text = column.kind == schema::AccessKind::kText || column.kind == schema::AccessKind::kEvidence;
      if (!column.nullable)
        ddl.replace(ddl.find(" NOT NULL"), std::string::npos, is_text ? " DEFAULT ''" : " DEFAULT 0");
      sql += fmt::format("ALTER TABLE access_result ADD COLUMN {};", ddl);
    }
  }
  if (present->empty()) sql = fmt::format("CREATE TABLE access_result ({}{})", kOwnColumns, sql);
  return sql.empty() ? Status{} : connection.run(sql, "create tables");
}

Status append_access(Connection& connection, const Tail& tail) {
  const bool has_tests = std::ranges::any_of(tail, [](const auto& chunk) { return !chunk->access().empty(); });
  if (!has_tests) return {};
  const auto columns = present_columns(connection);
  if (!columns) return tl::unexpected(columns.error());
  for (const auto& chunk : tail) {
    std::deque<std::string> texts;  // outlives the cells
    std::vector<std::vector<Cell>> rows;
    for (const AccessRow& row : chunk->access()) {
      const auto cells = cells_of(row, texts);
      auto& line = rows.emplace_back();
      for (const std::string& name : *columns) {
        const auto cell = cells.find(name);
        line.push_back(cell != cells.end() ? cell->second : Cell());
      }
    }
    if (auto status = connection.append("access_result", rows); !status) return status;
  }
  return {};
}

Result<std::int64_t> remove_access(Connection& connection, std::int64_t before_ms) {
  return connection.number(fmt::format("DELETE FROM access_result WHERE start_ms < {}", before_ms),
                           "remove old access results");
}

std::string access_columns_sql(const AccessFields& fields) {
  std::string sql = "record, place, probe, site";
  for (const schema::AccessColumn& column : schema::access_columns()) {
    if (fields.empty() || fields.contains(column.field_number)) sql += fmt::format(", {}", column.name);
  }
  return sql;
}

AccessRow read_access_row(const Rows& rows, std::size_t row, const AccessFields& fields) {
  AccessRow out;
  out.record = rows.natural(0, row);
  out.place = static_cast<std::uint32_t>(rows.integer(1, row));
  out.probe = parse_probe_id(rows.text(2, row)).value_or(ProbeId{});
  out.site = rows.text(3, row);
  CellReader reader{rows, row, 4};
  schema::for_each_field(out.result, [&](std::uint32_t number, auto& member) {
    if (!fields.empty() && !fields.contains(number)) return;
    reader(member);
    ++reader.column;
  });
  return out;
}

}  // namespace gnomon::store::duckdb
