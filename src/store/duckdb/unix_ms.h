#pragma once

// Times as the tables keep them: Unix milliseconds, UTC. Finer parts are cut off, toward the past.

#include "core/clock.h"

namespace gnomon::store::duckdb {

inline std::int64_t to_unix_ms(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t.since_epoch).count();
}
// The first whole millisecond at or after `t`: the bound for "start >= t" and "start < t".
inline std::int64_t to_unix_ms_up(WallTime t) {
  return std::chrono::ceil<std::chrono::milliseconds>(t.since_epoch).count();
}
inline WallTime from_unix_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds(ms)};
}

}  // namespace gnomon::store::duckdb
