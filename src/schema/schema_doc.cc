#include "schema/schema_doc.h"

#include <fmt/format.h>

#include "core/sketch.h"
#include "schema/access_columns.h"
#include "schema/columns.h"

namespace gnomon::schema {

namespace {

std::string unknown_text(const Column& column) {
  if (!column.unknown) return "";
  return *column.unknown == INT64_MIN ? "-2⁶³" : std::to_string(*column.unknown);
}

std::string column_row(const Column& column) {
  std::string tables;
  for (const TableColumn& part : duckdb_columns(column)) {
    tables += fmt::format("{}`{} {}`", tables.empty() ? "" : ", ", part.name, part.type);
  }
  return fmt::format("| {} | `{}` | {} | {} | {} | {} | {} | {} | {} |\n", column.field_number, column.name,
                     to_string(column.kind), column.unit, column.doc, column.standard, to_string(column.aggregation),
                     unknown_text(column), tables);
}

std::string enumeration(std::string_view name, std::span<const EnumValue> values) {
  std::string text = fmt::format("\n### {}\n\n| number | name |\n| ---: | --- |\n", name);
  for (const EnumValue& value : values) text += fmt::format("| {} | `{}` |\n", value.number, value.name);
  return text;
}

std::string access_row(const AccessColumn& column) {
  return fmt::format("| {} | `{}` | {} | {} | {} | {} | {} | {} | `{}` |\n", column.field_number, column.name,
                     to_string(column.kind), column.unit, column.doc, column.standard, to_string(column.aggregation),
                     column.nullable ? "absent" : "", duckdb_ddl(column));
}

std::string access_chapter() {
  std::string text =
      "\n## Access results\n\n"
      "From `proto/gnomon/v1/access.proto`. One row is one test in one direction. *Summary* says how rows of a site "
      "and "
      "a period are put together.\n\n"
      "| field | name | kind | unit | meaning | standard | summary | unknown | table |\n"
      "| ---: | --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const AccessColumn& column : access_columns()) text += access_row(column);
  for (const AccessColumn& column : access_columns()) {
    if (column.kind == AccessKind::kEnum) text += enumeration("access " + std::string(column.name), column.values);
  }
  return text;
}

}  // namespace

std::string schema_page() {
  std::string page =
      "# Schema reference\n\n"
      "Generated from `proto/gnomon/v1/` by `gnomon-schema-doc`; do not edit by hand.\n\n"
      "## Delay windows\n\n"
      "One row is one window of one path. *Unknown* is the value on the wire that stands for «not known»: NULL in "
      "tables, "
      "`null` in JSON.\n*Rollup* says how rows of a longer period are made.\n\n"
      "| field | name | kind | unit | meaning | standard | rollup | unknown | tables |\n"
      "| ---: | --- | --- | --- | --- | --- | --- | ---: | --- |\n";
  for (const Column& column : delay_columns()) page += column_row(column);
  page += fmt::format(
      "\nA *sketch* is a DDSketch of signed delays with a relative accuracy of {} %: sorted bucket numbers and their "
      "counts\n(`src/core/sketch.h`, `docs/spec/batch.md`).\n\n## Enumerations\n",
      DelaySketch::kRelativeAccuracy * 100);
  for (const Column& column : delay_columns()) {
    if (column.kind == ColumnKind::kEnum) page += enumeration(column.name, column.values);
  }
  page += "\n## Metric names\n\n| column | OpenMetrics |\n| --- | --- |\n";
  for (const Column& column : delay_columns()) {
    if (column.aggregation != Aggregation::kNone && column.kind != ColumnKind::kEnum) {
      page += fmt::format("| `{}` | `{}` |\n", column.name, openmetrics_name(column));
    }
  }
  page += fmt::format("\n## CSV header\n\n```\n{}\n```\n", csv_header());
  page += access_chapter();
  return page;
}

}  // namespace gnomon::schema
