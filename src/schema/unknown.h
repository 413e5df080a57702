#pragma once

// The values that stand for "not known" in the columns; equal to `unknown_value` in proto/gnomon/v1/delay.proto, which
// a test holds.

#include <cstdint>
#include <limits>

namespace gnomon::schema {

inline constexpr std::int64_t kUnknownCount = -1;
inline constexpr std::int64_t kUnknownRoundTrip = -1;
inline constexpr std::int64_t kUnknownOneWay = std::numeric_limits<std::int64_t>::min();  // may be negative when known
inline constexpr std::int64_t kUnknownBound = -1;

}  // namespace gnomon::schema
