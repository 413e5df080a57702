#pragma once

// One figure of the store: what one or more windows of one path, or of many paths, add up to. Plain values.
//
// Every field is the aggregate that its column's option in proto/gnomon/v1/delay.proto states; units stand there.
// Merging is associative: a point made from rollups equals the one made from the raw windows.

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/sketch.h"
#include "schema/delay_window.h"

namespace gnomon::store {

// Levels from fine to coarse. kRaw holds the windows as the probes sent them.
enum class Level : std::uint8_t { kRaw, kMinute, kHour, kDay };

inline constexpr std::size_t kLevels = 4;

// Which of a point's numbers a query wants, beside its distributions.
enum class Numbers : std::uint8_t {
  kAll,
  kPackets,  // measured, sent, received, lost: enough for a loss ratio and the sample size of a percentile; others may
             // be empty
};

struct Point {
  WallTime start;          // of the window, or of the step on the time grid (UTC)
  Nanoseconds span{};      // the window's length, or the step
  Nanoseconds measured{};  // sum of the windows' lengths; over many paths more than `span`
  std::uint64_t windows = 0;

  schema::Outcome outcome = schema::Outcome::kAnswered;  // the worst of all windows
  std::uint32_t marks = 0;                               // schema::Mark bits of all windows

  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t late = 0;
  std::uint64_t stray = 0;
  std::uint64_t unreachable = 0;
  // Over the windows that know; nothing when none does.
  std::optional<std::uint64_t> lost_forward;
  std::optional<std::uint64_t> lost_backward;
  std::optional<std::uint64_t> reordered_forward;
  std::optional<std::uint64_t> reordered_backward;

  std::optional<Nanoseconds> rtt_min, rtt_mean, rtt_max;
  std::optional<Nanoseconds> forward_min, forward_max;
  std::optional<Nanoseconds> backward_min, backward_max;

  schema::TimestampSource timestamp_source = schema::TimestampSource::kUnknown;  // the worst
  std::optional<Nanoseconds> error_bound;                                        // the greatest
  std::optional<Nanoseconds> clock_bound;

  // Empty when the query did not ask for them. A bucket holds at most 2^32 - 1 samples and stays there.
  DelaySketch rtt, forward, backward, ipdv;
};

}  // namespace gnomon::store
