#include "schema/access_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "gnomon/v1/access.pb.h"

namespace gnomon::schema {

namespace {

using google::protobuf::FieldDescriptor;

AccessKind kind_of(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return AccessKind::kText;
    case FieldDescriptor::CPPTYPE_UINT64:
      return AccessKind::kUint64;
    case FieldDescriptor::CPPTYPE_INT64:
      return AccessKind::kInt64;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AccessKind::kReal;
    case FieldDescriptor::CPPTYPE_ENUM:
      return AccessKind::kEnum;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AccessKind::kEvidence;
    default:  // the schema has no others
      return AccessKind::kUint32;
  }
}

AccessColumn column_of(const FieldDescriptor& field) {
  const v1::Column& option = field.options().GetExtension(v1::column);
  AccessColumn column;
  column.name = field.name();
  column.field_number = static_cast<std::uint32_t>(field.number());
  column.kind = kind_of(field);
  column.unit = option.unit();
  column.doc = option.doc();
  column.standard = option.standard();
  column.aggregation = static_cast<Aggregation>(option.aggregation());
  column.nullable = field.has_optional_keyword();
  if (const auto* type = field.enum_type()) {
    for (int i = 0; i < type->value_count(); ++i) {
      column.values.push_back({type->value(i)->name(), type->value(i)->number()});
    }
  }
  return column;
}

std::vector<AccessColumn> read_columns() {
  const auto* descriptor = v1::AccessResult::descriptor();
  std::vector<AccessColumn> columns;
  for (int i = 0; i < descriptor->field_count(); ++i) columns.push_back(column_of(*descriptor->field(i)));
  return columns;
}

std::string_view duckdb_type(AccessKind kind) {
  switch (kind) {
    case AccessKind::kText:
    case AccessKind::kEvidence:
      return "VARCHAR";
    case AccessKind::kUint32:
      return "UINTEGER";
    case AccessKind::kUint64:
      return "UBIGINT";
    case AccessKind::kInt64:
      return "BIGINT";
    case AccessKind::kReal:
      return "DOUBLE";
    case AccessKind::kEnum:
      return "UTINYINT";
  }
  return "";
}

}  // namespace

std::span<const AccessColumn> access_columns() {
  static const std::vector<AccessColumn> columns = read_columns();
  return columns;
}

std::string_view access_column_name(std::uint32_t field_number) {
  const auto columns = access_columns();
  const auto at = std::ranges::find(columns, field_number, &AccessColumn::field_number);
  return at == columns.end() ? std::string_view() : at->name;
}

std::string_view to_string(AccessKind kind) {
  switch (kind) {
    case AccessKind::kText:
      return "text";
    case AccessKind::kUint32:
      return "uint32";
    case AccessKind::kUint64:
      return "uint64";
    case AccessKind::kInt64:
      return "int64";
    case AccessKind::kReal:
      return "double";
    case AccessKind::kEnum:
      return "enum";
    case AccessKind::kEvidence:
      return "list";
  }
  return "";
}

std::string duckdb_ddl(const AccessColumn& column) {
  return fmt::format("{} {}{}", column.name, duckdb_type(column.kind), column.nullable ? "" : " NOT NULL");
}

}  // namespace gnomon::schema
