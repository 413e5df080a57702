#include "store/time_grid.h"

#include "store/level_columns.h"

namespace gnomon::store {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Each divides a day, so that steps of every length share their borders at midnight UTC.
constexpr Nanoseconds kLadder[] = {seconds(10), seconds(20), seconds(30), minutes(1),  minutes(2), minutes(5),
                                   minutes(10), minutes(15), minutes(20), minutes(30), hours(1),   hours(2),
                                   hours(3),    hours(6),    hours(12),   hours(24)};
constexpr Nanoseconds kDay = hours(24);

Nanoseconds smallest_step(TimeRange range, std::size_t max_points, Nanoseconds at_least) {
  const auto points = static_cast<std::int64_t>(std::max<std::size_t>(max_points, 1));
  const auto fits = [&](Nanoseconds step) {
    const TimeRange wide = widen(range, step);
    return (wide.to - wide.from) / step <= points;
  };
  for (const Nanoseconds step : kLadder) {
    if (step >= at_least && fits(step)) return step;
  }
  std::int64_t days = 2;
  while (!fits(days * kDay)) days += std::max<std::int64_t>(1, days / 8);
  return days * kDay;
}

Level coarsest_within(Nanoseconds step) {
  if (step % hours(24) == Nanoseconds(0)) return Level::kDay;
  if (step % hours(1) == Nanoseconds(0)) return Level::kHour;
  if (step % minutes(1) == Nanoseconds(0)) return Level::kMinute;
  return Level::kRaw;
}

// The finest level from `level` on that still has the range's start, or else the one that reaches back furthest.
Level complete_level(Level level, WallTime from, const CompleteFrom& complete) {
  auto best = static_cast<std::size_t>(level);
  for (std::size_t l = best; l < kLevels; ++l) {
    if (complete[l] <= from) return static_cast<Level>(l);
    if (complete[l] < complete[best]) best = l;
  }
  return static_cast<Level>(best);
}

}  // namespace

WallTime floor_to(WallTime t, Nanoseconds step) {
  auto into = t.since_epoch % step;
  if (into < Nanoseconds(0)) into += step;
  return t - into;
}

TimeRange widen(TimeRange range, Nanoseconds step) {
  if (step == Nanoseconds(0)) return range;
  return {floor_to(range.from, step), floor_to(range.to + (step - Nanoseconds(1)), step)};
}

Grid choose_grid(TimeRange range, std::size_t max_points, std::optional<Level> level, const CompleteFrom& complete) {
  if (level) {
    const Nanoseconds bucket = std::max(bucket_of(*level), Nanoseconds(seconds(10)));
    return {*level, smallest_step(range, max_points, bucket)};
  }
  const Nanoseconds step = smallest_step(range, max_points, seconds(10));
  const Level wanted = coarsest_within(step);
  const Level found = complete_level(wanted, range.from, complete);
  if (found == wanted) return {found, step};
  return {found, smallest_step(range, max_points, bucket_of(found))};
}

Level choose_summary_level(TimeRange range, const CompleteFrom& complete) {
  const Nanoseconds length = range.to - range.from;
  Level wanted = Level::kDay;
  if (length <= minutes(15)) {
    wanted = Level::kRaw;
  } else if (length <= hours(48)) {
    wanted = Level::kMinute;
  } else if (length <= 60 * kDay) {
    wanted = Level::kHour;
  }
  return complete_level(wanted, range.from, complete);
}

Level choose_step_level(TimeRange range, Nanoseconds step, const CompleteFrom& complete) {
  return complete_level(coarsest_within(step), range.from, complete);
}

}  // namespace gnomon::store
