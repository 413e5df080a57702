#pragma once

// Time inside a test: the monotonic clock, put on the wall clock's scale once, when the test begins. So the times in
// PDUs look like CLOCK_REALTIME, as the protocol wants, and no step of the wall clock during a test is taken for a
// delay. Pure.

#include "core/clock.h"
#include "methods/udpst/pdu.h"

namespace gnomon::methods::udpst {

class SessionClock {
 public:
  explicit SessionClock(const Clock& clock) : offset_(clock.wall().since_epoch - clock.now().since_boot) {}

  [[nodiscard]] PduTime pdu_time(MonotonicTime time) const {
    const auto wall = time.since_boot + offset_;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(wall);
    return {static_cast<std::uint32_t>(seconds.count()), static_cast<std::uint32_t>((wall - seconds).count())};
  }
  // From a time in a PDU, of this clock or of another one, to a moment of this one.
  [[nodiscard]] Nanoseconds since(PduTime earlier, MonotonicTime time) const {
    return time.since_boot + offset_ - (std::chrono::seconds(earlier.seconds) + Nanoseconds(earlier.nanoseconds));
  }

 private:
  Nanoseconds offset_;
};

// To the nearest; halves go up.
inline std::int64_t to_milliseconds(Nanoseconds time) {
  return std::chrono::floor<std::chrono::milliseconds>(time + std::chrono::microseconds(500)).count();
}

}  // namespace gnomon::methods::udpst
