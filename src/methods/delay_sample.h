#pragma once

// From the timestamps of one packet to its delays, each with its bound. Pure functions.
//
// Which interval holds the true moment of each timestamp:
//   sending, kernel   [scheduled, transmitted]: the device's queue took the packet before the driver did
//   sending, program  [before, after] the system call
//   receipt, kernel   the moment itself: the first thing the kernel does with the packet
//   receipt, program  [the last time the socket was empty, read]
// What lies between driver and wire is outside of all of them (docs/methods/echo.md).

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "schema/delay_window.h"

namespace gnomon::methods {

struct SendTimes {
  MonotonicTime before, after;                     // around the system call
  Nanoseconds wall_offset{};                       // wall − monotonic clock then
  std::optional<WallTime> scheduled, transmitted;  // from the kernel
};

struct ReceiveTimes {
  MonotonicTime empty;            // the last moment at which the socket was known to be empty
  MonotonicTime read;             // when the packet was read from it
  Nanoseconds wall_offset{};      // wall − monotonic clock then
  bool offset_uncertain = false;  // the wall clock was stepped between `empty` and `read`
  std::optional<WallTime> kernel;
};

// What a reflector tells of itself.
struct ReflectorTimes {
  WallTime received, sent;
  std::optional<Nanoseconds> clock_error;  // its clock is within this of UTC; nothing when it is not synchronised
};

struct LocalClock {
  std::optional<Nanoseconds> error;  // as above, of the own clock
  bool shared_with_reflector = false;
};

struct DelaySample {
  Nanoseconds rtt{};
  Nanoseconds error_bound{};  // of rtt
  schema::TimestampSource source = schema::TimestampSource::kUnknown;
  std::optional<Nanoseconds> forward, backward;
  std::optional<Nanoseconds> clock_bound;
  bool clock_stepped = false;
  bool clock_fault = false;  // a one-way delay or the reflector's residence was impossible
  MonotonicTime received;
};

DelaySample measure_delay(const SendTimes& send, const ReceiveTimes& receive,
                          const std::optional<ReflectorTimes>& reflector, const LocalClock& clock);

}  // namespace gnomon::methods
