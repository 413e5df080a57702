#pragma once

// Starts as packed tables keep them: whole steps of ten seconds, and the milliseconds beyond, which most windows do not
// have. So sorted rows need few bits for them.

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace gnomon::store::duckdb {

inline constexpr std::int64_t kStartStepMs = 10'000;

// The start of a row, Unix ms.
inline std::string start_sql() {
  return fmt::format("(start_step * {} + start_rest_ms)", kStartStepMs);
}
// Conditions on it. The steps alone are compared first: DuckDB then skips row groups without reading them.
inline std::string starts_from(std::int64_t from_ms) {
  const std::string steps = fmt::format("start_step >= {}", from_ms / kStartStepMs);
  return from_ms % kStartStepMs == 0 ? steps : fmt::format("({} AND {} >= {})", steps, start_sql(), from_ms);
}
inline std::string starts_before(std::int64_t before_ms) {
  if (before_ms % kStartStepMs == 0) return fmt::format("start_step < {}", before_ms / kStartStepMs);
  return fmt::format("(start_step <= {} AND {} < {})", before_ms / kStartStepMs, start_sql(), before_ms);
}

}  // namespace gnomon::store::duckdb
