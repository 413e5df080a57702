#pragma once

// How long an end goes on receiving before it looks at its timers. Pure but for the clock; any thread.

#include "core/clock.h"

namespace gnomon::methods::udpst {

inline constexpr int kMostBatches = 8;  // received before the timers are looked at again
inline constexpr Nanoseconds kMostDraining = std::chrono::milliseconds(100);

// Whether to receive another batch before the timers are looked at. When one is due already, all that has arrived is
// counted first: a machine that stalled would else count it in the sub-interval after.
inline bool may_receive_more(int batch, MonotonicTime next_event, MonotonicTime drained_by, const Clock& clock) {
  if (batch < kMostBatches) return true;
  const MonotonicTime now = clock.now();
  return next_event <= now && now < drained_by;
}

}  // namespace gnomon::methods::udpst
