#include "methods/test_times.h"

#include <algorithm>

namespace gnomon::methods {

namespace {

constexpr Nanoseconds kRemembered = std::chrono::hours(2);

}  // namespace

TestTimes::Running::Running(TestTimes& times, const Clock& clock, const net::SocketSpace& place)
    : times_(times), clock_(clock), place_(&place), start_(clock.wall()) {
  const std::lock_guard lock(times_.mutex_);
  std::erase_if(times_.times_, [&](const Time& time) { return time.to && start_ - *time.to > kRemembered; });
  times_.times_.push_back({place_, start_, std::nullopt});
}

TestTimes::Running::~Running() {
  const std::lock_guard lock(times_.mutex_);
  const auto own = std::ranges::find_if(
      times_.times_, [&](const Time& time) { return time.place == place_ && time.from == start_ && !time.to; });
  if (own != times_.times_.end()) own->to = clock_.wall();
}

bool TestTimes::overlaps(const net::SocketSpace& place, WallTime from, WallTime to) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(times_, [&](const Time& time) {
    return time.place == &place && time.from < to && (!time.to || *time.to > from);
  });
}

}  // namespace gnomon::methods
