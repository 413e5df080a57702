#pragma once

// One window of one path as a row, and its columns on the wire (proto/gnomon/v1/delay.proto, where every field's
// meaning and unit stand). Plain value; not thread-safe.

#include <cstdint>
#include <limits>
#include <optional>

#include "core/clock.h"
#include "core/sketch.h"

namespace gnomon::v1 {
class DelayWindows;
}

namespace gnomon::schema {

// Same numbers as gnomon.v1.Outcome, TimestampSource and Mark.
enum class Outcome : std::uint8_t { kAnswered = 1, kNoAnswer, kUnreachable, kNoAddress, kNotSent };
enum class TimestampSource : std::uint8_t { kUnknown = 0, kNic = 1, kKernel, kUser };
enum Mark : std::uint32_t {
  kMarkNone = 0,
  kMarkClockStepped = 1,
  kMarkEngineLate = 2,
  kMarkVantageSick = 4,
  kMarkCapacityTest = 8,
  kMarkPartial = 16,
  kMarkClockFault = 32,
};

struct DelayWindow {
  WallTime start;
  Nanoseconds duration{};
  Outcome outcome = Outcome::kNoAnswer;
  std::uint32_t marks = kMarkNone;

  std::uint32_t sent = 0;
  std::uint32_t received = 0;
  std::uint32_t lost = 0;
  std::uint32_t duplicated = 0;
  std::uint32_t reordered = 0;
  std::uint32_t late = 0;
  std::uint32_t stray = 0;
  std::uint32_t unreachable = 0;
  std::optional<std::uint32_t> lost_forward;  // known only with a stateful reflector
  std::optional<std::uint32_t> lost_backward;
  std::optional<std::uint32_t> reordered_forward;
  std::optional<std::uint32_t> reordered_backward;

  // Unknown when nothing was answered; one-way only with a reflector that tells its times.
  std::optional<Nanoseconds> rtt_min, rtt_mean, rtt_max;
  std::optional<Nanoseconds> forward_min, forward_max;
  std::optional<Nanoseconds> backward_min, backward_max;

  TimestampSource timestamp_source = TimestampSource::kUnknown;
  std::optional<Nanoseconds> error_bound;
  std::optional<Nanoseconds> clock_bound;

  DelaySketch rtt, forward, backward, ipdv;
};

// Appends one row to every column. `base` is Batch.base_unix_ms; the window must not start before it.
void append(v1::DelayWindows& columns, std::uint32_t path_index, WallTime base, const DelayWindow& window);

}  // namespace gnomon::schema
