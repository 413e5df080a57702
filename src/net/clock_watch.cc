#include "net/clock_watch.h"

namespace gnomon::net {

ClockWatch::ClockWatch(const Clock& clock) : clock_(clock) {
  // The narrowest of a few brackets, since this one stays until the first step.
  auto best = Nanoseconds::max();
  for (int i = 0; i < 16; ++i) {
    const auto before = clock_.now();
    const auto wall = clock_.wall();
    now_ = clock_.now();
    if (now_ - before >= best) continue;
    best = now_ - before;
    offset_ = wall.since_epoch - before.since_boot - best / 2;
  }
}

bool ClockWatch::update() {
  const auto before = clock_.now();
  const auto wall = clock_.wall();
  now_ = clock_.now();
  const auto highest = wall.since_epoch - before.since_boot;
  const auto lowest = wall.since_epoch - now_.since_boot;
  if (offset_ >= lowest - kLeastStep && offset_ <= highest + kLeastStep) return false;
  const auto stepped = lowest + (highest - lowest) / 2;
  last_step_ = stepped - offset_;
  offset_ = stepped;
  return true;
}

}  // namespace gnomon::net
