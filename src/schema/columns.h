#pragma once

// What the columns of DelayWindows are, read from the descriptors and their options (proto/gnomon/v1/options.proto).
// From this list come tables, JSON, CSV headers, metric names and the reference page: a new field needs no other line.
//
// The list is built once and lives as long as the program. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gnomon::schema {

enum class ColumnKind : std::uint8_t { kUint32, kInt64, kEnum, kSketch };

// Same numbers as gnomon.v1.Aggregation.
enum class Aggregation : std::uint8_t { kNone = 0, kSum, kMin, kMax, kMean, kOr, kMerge, kMedian };

struct EnumValue {
  std::string_view name;  // as in the .proto: "OUTCOME_ANSWERED"
  std::int32_t number = 0;
};

struct Column {
  std::string_view name;
  int field_number = 0;
  ColumnKind kind = ColumnKind::kUint32;
  std::string_view unit;      // "ns", "ms", "packets" or empty
  std::string_view doc;       // one sentence
  std::string_view standard;  // "RFC 2681"; empty when ours
  Aggregation aggregation = Aggregation::kNone;
  std::optional<std::int64_t> unknown;  // the value that stands for "not known"; nothing when always known
  bool joined_later = false;            // a batch without it knows it in no row
  std::string_view near;                // the column from which tables keep the distance; empty when none
  std::vector<EnumValue> values;        // of an enumeration

  [[nodiscard]] bool nullable() const { return unknown.has_value(); }
};

// In the order of the .proto.
std::span<const Column> delay_columns();
// The place of a column in that order, or nothing.
std::optional<std::size_t> delay_column(std::string_view name);

std::string_view to_string(ColumnKind kind);
std::string_view to_string(Aggregation aggregation);

struct TableColumn {
  std::string name;
  std::string type;      // of DuckDB
  bool not_null = true;  // an unknown value becomes NULL
};

// A number column is one column of the same name; a sketch is two lists, `NAME_number` and `NAME_count`.
std::vector<TableColumn> duckdb_columns(const Column& column);
// "rtt_min BIGINT", "sent UINTEGER NOT NULL", …
std::string duckdb_ddl(const Column& column);

// "gnomon_delay_rtt_min_seconds", "gnomon_delay_sent_packets": OpenMetrics 1.0 wants base units. A counter's family
// name; its sample adds "_total".
std::string openmetrics_name(const Column& column);

// Names joined with commas, a sketch as its two lists.
std::string csv_header();

}  // namespace gnomon::schema
