#include "schema/columns.h"

#include <algorithm>

#include "gnomon/v1/delay.pb.h"

namespace gnomon::schema {

namespace {

using google::protobuf::FieldDescriptor;

ColumnKind kind_of(const FieldDescriptor& field) {
  if (field.type() == FieldDescriptor::TYPE_MESSAGE) return ColumnKind::kSketch;
  if (field.type() == FieldDescriptor::TYPE_ENUM) return ColumnKind::kEnum;
  return field.type() == FieldDescriptor::TYPE_SINT64 ? ColumnKind::kInt64 : ColumnKind::kUint32;
}

Column column_of(const FieldDescriptor& field) {
  const v1::Column& option = field.options().GetExtension(v1::column);
  Column column;
  column.name = field.name();
  column.field_number = field.number();
  column.kind = kind_of(field);
  column.unit = option.unit();
  column.doc = option.doc();
  column.standard = option.standard();
  column.aggregation = static_cast<Aggregation>(option.aggregation());
  if (option.unknown_case() == v1::Column::kUnknownValue) column.unknown = option.unknown_value();
  column.joined_later = option.joined_later();
  column.near = option.near();
  if (const auto* type = field.enum_type()) {
    for (int i = 0; i < type->value_count(); ++i) {
      column.values.push_back({type->value(i)->name(), type->value(i)->number()});
    }
  }
  return column;
}

std::vector<Column> read_columns() {
  const auto* descriptor = v1::DelayWindows::descriptor();
  std::vector<Column> columns;
  for (int i = 0; i < descriptor->field_count(); ++i) columns.push_back(column_of(*descriptor->field(i)));
  return columns;
}

std::string_view base_unit(std::string_view unit) {
  return unit == "ns" || unit == "ms" ? "seconds" : unit;
}

}  // namespace

std::span<const Column> delay_columns() {
  static const std::vector<Column> columns = read_columns();
  return columns;
}

std::optional<std::size_t> delay_column(std::string_view name) {
  const auto columns = delay_columns();
  const auto at = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
  if (at == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns.begin());
}

std::string_view to_string(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kUint32:
      return "uint32";
    case ColumnKind::kInt64:
      return "int64";
    case ColumnKind::kEnum:
      return "enum";
    case ColumnKind::kSketch:
      return "sketch";
  }
  return "";
}

std::string_view to_string(Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::kNone:
      return "none";
    case Aggregation::kSum:
      return "sum";
    case Aggregation::kMin:
      return "min";
    case Aggregation::kMax:
      return "max";
    case Aggregation::kMean:
      return "mean";
    case Aggregation::kOr:
      return "or";
    case Aggregation::kMerge:
      return "merge";
    case Aggregation::kMedian:
      return "median";
  }
  return "";
}

std::vector<TableColumn> duckdb_columns(const Column& column) {
  const std::string name(column.name);
  const bool not_null = !column.nullable();
  switch (column.kind) {
    case ColumnKind::kUint32:
      return {{name, "UINTEGER", not_null}};
    case ColumnKind::kInt64:
      return {{name, "BIGINT", not_null}};
    case ColumnKind::kEnum:
      return {{name, "UTINYINT", not_null}};
    case ColumnKind::kSketch:
      return {{name + "_number", "SMALLINT[]", true}, {name + "_count", "UINTEGER[]", true}};
  }
  return {};
}

std::string duckdb_ddl(const Column& column) {
  std::string ddl;
  for (const TableColumn& part : duckdb_columns(column)) {
    ddl += fmt::format("{}{} {}{}", ddl.empty() ? "" : ", ", part.name, part.type, part.not_null ? " NOT NULL" : "");
  }
  return ddl;
}

std::string openmetrics_name(const Column& column) {
  const std::string_view unit = base_unit(column.unit);
  std::string_view name = column.name;
  if (column.unit == "ms") name.remove_suffix(3);  // start_ms, duration_ms: the unit is in the name already
  return fmt::format("gnomon_delay_{}{}{}", name, unit.empty() ? "" : "_", unit);
}

std::string csv_header() {
  std::string header;
  for (const Column& column : delay_columns()) {
    for (const TableColumn& part : duckdb_columns(column)) header += (header.empty() ? "" : ",") + part.name;
  }
  return header;
}

}  // namespace gnomon::schema
