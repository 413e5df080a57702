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
  if (place_ == nullptr) return;
  const std::lock_guard lock(times_.mutex_);
  if (const auto own = times_.running(place_, start_); own != times_.times_.end()) own->to = clock_.wall();
}

void TestTimes::Running::forget() {
  const std::lock_guard lock(times_.mutex_);
  if (const auto own = times_.running(place_, start_); own != times_.times_.end()) times_.times_.erase(own);
  place_ = nullptr;
}

std::deque<TestTimes::Time>::iterator TestTimes::running(const net::SocketSpace* place, WallTime from) {
  return std::ranges::find_if(times_,
                              [&](const Time& time) { return time.place == place && time.from == from && !time.to; });
}

bool TestTimes::overlaps(const net::SocketSpace& place, WallTime from, WallTime to) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(times_, [&](const Time& time) {
    return time.place == &place && time.from < to && (!time.to || *time.to > from);
  });
}

}  // namespace gnomon::methods
