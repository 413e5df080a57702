#pragma once

// Sees the wall clock being stepped. Both clocks tick at one rate (the kernel disciplines them together), so the
// distance between them changes only when somebody sets the wall clock.
//
// Kernel timestamps are wall time. Subtracting `offset()` as it stood when a timestamp was taken brings it to the
// monotonic scale, on which two of them can be subtracted whatever happened in between. Belongs to one thread.

#include "core/clock.h"

namespace gnomon::net {

class ClockWatch {
 public:
  // Smaller steps pass unseen: they are within what two clock reads differ by.
  static constexpr Nanoseconds kLeastStep = std::chrono::microseconds(2);

  explicit ClockWatch(const Clock& clock);

  // Reads both clocks; true when the wall clock has jumped since the last call.
  bool update();

  [[nodiscard]] MonotonicTime now() const { return now_; }      // as of the last update
  [[nodiscard]] Nanoseconds offset() const { return offset_; }  // wall − monotonic
  [[nodiscard]] Nanoseconds last_step() const { return last_step_; }
  [[nodiscard]] WallTime wall(MonotonicTime at) const { return WallTime{at.since_boot + offset_}; }

 private:
  const Clock& clock_;
  MonotonicTime now_;
  Nanoseconds offset_{};
  Nanoseconds last_step_{};
};

}  // namespace gnomon::net
