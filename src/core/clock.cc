#include "core/clock.h"

#include <ctime>

namespace gnomon {

namespace {

Nanoseconds read_clock(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::chrono::seconds(t.tv_sec) + Nanoseconds(t.tv_nsec);
}

}  // namespace

MonotonicTime SystemClock::now() const {
  return {read_clock(CLOCK_MONOTONIC)};
}
WallTime SystemClock::wall() const {
  return {read_clock(CLOCK_REALTIME)};
}

}  // namespace gnomon
