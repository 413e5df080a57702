#pragma once

// What the fields of AccessResult are, read from the descriptor and its options, as columns.h does for windows. From
// this list come the table, the JSON and the reference page.
//
// The list is built once and lives as long as the program. Thread-safe.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/columns.h"

namespace gnomon::schema {

enum class AccessKind : std::uint8_t { kText, kUint32, kUint64, kInt64, kReal, kEnum, kEvidence };

struct AccessColumn {
  std::string_view name;
  std::uint32_t field_number = 0;
  AccessKind kind = AccessKind::kText;
  std::string_view unit, doc, standard;
  Aggregation aggregation = Aggregation::kNone;
  bool nullable = false;          // absent on the wire and NULL in tables when not known
  std::vector<EnumValue> values;  // of an enumeration
};

// In the order of the .proto.
std::span<const AccessColumn> access_columns();
// Of a field's number; empty when there is none.
std::string_view access_column_name(std::uint32_t field_number);

std::string_view to_string(AccessKind kind);
// "throughput UBIGINT", "method VARCHAR NOT NULL".
std::string duckdb_ddl(const AccessColumn& column);

}  // namespace gnomon::schema
