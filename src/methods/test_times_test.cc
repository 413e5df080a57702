#include "probe/test_times.h"

#include <gtest/gtest.h>

namespace gnomon::probe {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(TestTimes, WhatRanMeanwhileIsMarkedAtThatPlaceOnly) {
  ManualClock clock;
  TestTimes times;
  const WallTime begun = clock.wall();
  {
    const TestTimes::Running test(times, clock, 3);
    EXPECT_TRUE(times.overlaps(3, begun, begun + seconds(10)));
    clock.advance(seconds(20));
    EXPECT_TRUE(times.overlaps(3, begun + seconds(10), begun + seconds(20)));
  }
  EXPECT_FALSE(times.overlaps(2, begun, begun + seconds(10)));
  EXPECT_FALSE(times.overlaps(3, begun - seconds(10), begun));
  EXPECT_TRUE(times.overlaps(3, begun + seconds(19), begun + seconds(29)));
  EXPECT_FALSE(times.overlaps(3, begun + seconds(20), begun + seconds(30)));
}

TEST(TestTimes, LongAgoIsForgotten) {
  ManualClock clock;
  TestTimes times;
  const WallTime begun = clock.wall();
  {
    const TestTimes::Running test(times, clock, 0);
    clock.advance(seconds(10));
  }
  clock.advance(hours(3));
  { const TestTimes::Running test(times, clock, 0); }
  EXPECT_FALSE(times.overlaps(0, begun, begun + seconds(10)));
}

}  // namespace
}  // namespace gnomon::probe
