#include "contract/naive_store.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gnomon::store::contract {

namespace {

template <typename T, typename U>
void add_known(std::optional<T>& sum, const std::optional<U>& value) {
  if (value) sum = sum.value_or(T{}) + *value;
}

template <typename T>
void least(std::optional<T>& so_far, const std::optional<T>& value) {
  if (value && (!so_far || *value < *so_far)) so_far = value;
}

template <typename T>
void most(std::optional<T>& so_far, const std::optional<T>& value) {
  if (value && (!so_far || *value > *so_far)) so_far = value;
}

struct Sum {
  Point point;
  std::int64_t weighted_mean = 0;
  bool has_mean = false;

  void add(const schema::DelayWindow& w, unsigned sketches) {
    if (point.windows == 0) point.outcome = w.outcome;
    ++point.windows;
    point.measured += w.duration;
    point.outcome = std::max(point.outcome, w.outcome);
    point.marks |= w.marks;
    point.sent += w.sent;
    point.received += w.received;
    point.lost += w.lost;
    point.duplicated += w.duplicated;
    point.reordered += w.reordered;
    point.late += w.late;
    point.stray += w.stray;
    point.unreachable += w.unreachable;
    add_known(point.lost_forward, w.lost_forward);
    add_known(point.lost_backward, w.lost_backward);
    add_known(point.reordered_forward, w.reordered_forward);
    add_known(point.reordered_backward, w.reordered_backward);
    least(point.rtt_min, w.rtt_min);
    most(point.rtt_max, w.rtt_max);
    if (w.rtt_mean) {
      has_mean = true;
      weighted_mean += w.rtt_mean->count() * w.received;
    }
    least(point.forward_min, w.forward_min);
    most(point.forward_max, w.forward_max);
    least(point.backward_min, w.backward_min);
    most(point.backward_max, w.backward_max);
    point.timestamp_source = std::max(point.timestamp_source, w.timestamp_source);
    most(point.error_bound, w.error_bound);
    most(point.clock_bound, w.clock_bound);
    if ((sketches & kRtt) != 0) point.rtt.merge(w.rtt);
    if ((sketches & kForward) != 0) point.forward.merge(w.forward);
    if ((sketches & kBackward) != 0) point.backward.merge(w.backward);
    if ((sketches & kIpdv) != 0) point.ipdv.merge(w.ipdv);
  }

  Point finish(WallTime start, Nanoseconds span) {
    if (has_mean && point.received > 0) {
      point.rtt_mean = Nanoseconds(weighted_mean / static_cast<std::int64_t>(point.received));
    }
    point.start = start;
    point.span = span;
    return point;
  }
};

bool is_within(TimeRange range, WallTime t) {
  return range.from <= t && t < range.to;
}

}  // namespace

std::vector<GroupPoint> NaiveStore::merge(const std::set<PathId>& paths,
                                          const std::map<PathId, std::uint32_t>& group_of, TimeRange range,
                                          Nanoseconds step, unsigned sketches) const {
  if (step == Nanoseconds(0)) step = range.to - range.from;
  std::map<std::pair<std::uint32_t, std::int64_t>, Sum> sums;
  for (const NaiveWindow& w : windows_) {
    if (!is_within(range, w.window.start) || (!paths.empty() && !paths.contains(w.path))) continue;
    const auto group = group_of.find(w.path);
    const std::uint32_t g = group == group_of.end() ? 0 : group->second;
    sums[{g, (w.window.start - range.from) / step}].add(w.window, sketches);
  }
  std::vector<GroupPoint> points;
  for (auto& [key, sum] : sums) points.push_back({key.first, sum.finish(range.from + key.second * step, step)});
  return points;
}

std::vector<PathPoint> NaiveStore::windows(const std::set<PathId>& paths, TimeRange range, std::uint64_t from_record,
                                           unsigned sketches) const {
  std::vector<PathPoint> points;
  for (const NaiveWindow& w : windows_) {
    if (!is_within(range, w.window.start) || (!paths.empty() && !paths.contains(w.path))) continue;
    if (w.record < from_record) continue;
    Sum sum;
    sum.add(w.window, sketches);
    points.push_back({w.path, sum.finish(w.window.start, w.window.duration)});
  }
  std::ranges::stable_sort(points, {}, [](const PathPoint& p) { return std::pair(p.path, p.point.start); });
  return points;
}

void expect_equal(const Point& got, const Point& want, const std::string& what) {
  SCOPED_TRACE(what);
  EXPECT_EQ(got.start.since_epoch.count(), want.start.since_epoch.count());
  EXPECT_EQ(got.span.count(), want.span.count());
  EXPECT_EQ(got.measured.count(), want.measured.count());
  EXPECT_EQ(got.windows, want.windows);
  EXPECT_EQ(got.outcome, want.outcome);
  EXPECT_EQ(got.marks, want.marks);
  EXPECT_EQ(got.sent, want.sent);
  EXPECT_EQ(got.received, want.received);
  EXPECT_EQ(got.lost, want.lost);
  EXPECT_EQ(got.duplicated, want.duplicated);
  EXPECT_EQ(got.reordered, want.reordered);
  EXPECT_EQ(got.late, want.late);
  EXPECT_EQ(got.stray, want.stray);
  EXPECT_EQ(got.unreachable, want.unreachable);
  EXPECT_EQ(got.lost_forward, want.lost_forward);
  EXPECT_EQ(got.lost_backward, want.lost_backward);
  EXPECT_EQ(got.reordered_forward, want.reordered_forward);
  EXPECT_EQ(got.reordered_backward, want.reordered_backward);
  EXPECT_TRUE(got.rtt_min == want.rtt_min) << "rtt_min";
  EXPECT_TRUE(got.rtt_mean == want.rtt_mean) << "rtt_mean";
  EXPECT_TRUE(got.rtt_max == want.rtt_max) << "rtt_max";
  EXPECT_TRUE(got.forward_min == want.forward_min) << "forward_min";
  EXPECT_TRUE(got.forward_max == want.forward_max) << "forward_max";
  EXPECT_TRUE(got.backward_min == want.backward_min) << "backward_min";
  EXPECT_TRUE(got.backward_max == want.backward_max) << "backward_max";
  EXPECT_EQ(got.timestamp_source, want.timestamp_source);
  EXPECT_TRUE(got.error_bound == want.error_bound) << "error_bound";
  EXPECT_TRUE(got.clock_bound == want.clock_bound) << "clock_bound";
  EXPECT_TRUE(std::ranges::equal(got.rtt.buckets(), want.rtt.buckets())) << "rtt";
  EXPECT_TRUE(std::ranges::equal(got.forward.buckets(), want.forward.buckets())) << "forward";
  EXPECT_TRUE(std::ranges::equal(got.backward.buckets(), want.backward.buckets())) << "backward";
  EXPECT_TRUE(std::ranges::equal(got.ipdv.buckets(), want.ipdv.buckets())) << "ipdv";
}

}  // namespace gnomon::store::contract
