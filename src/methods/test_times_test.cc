#include "methods/test_times.h"

#include <gtest/gtest.h>

namespace gnomon::methods {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(TestTimes, WhatRanMeanwhileIsMarkedAtThatPlaceOnly) {
  ManualClock clock;
  TestTimes times;
  const net::HostSpace here, there;
  const WallTime begun = clock.wall();
  {
    const TestTimes::Running test(times, clock, here);
    EXPECT_TRUE(times.overlaps(here, begun, begun + seconds(10)));
    clock.advance(seconds(20));
    EXPECT_TRUE(times.overlaps(here, begun + seconds(10), begun + seconds(20)));
  }
  EXPECT_FALSE(times.overlaps(there, begun, begun + seconds(10)));
  EXPECT_FALSE(times.overlaps(here, begun - seconds(10), begun));
  EXPECT_TRUE(times.overlaps(here, begun + seconds(19), begun + seconds(29)));
  EXPECT_FALSE(times.overlaps(here, begun + seconds(20), begun + seconds(30)));
}

TEST(TestTimes, LongAgoIsForgotten) {
  ManualClock clock;
  TestTimes times;
  const net::HostSpace here;
  const WallTime begun = clock.wall();
  {
    const TestTimes::Running test(times, clock, here);
    clock.advance(seconds(10));
  }
  clock.advance(hours(3));
  { const TestTimes::Running test(times, clock, here); }
  EXPECT_FALSE(times.overlaps(here, begun, begun + seconds(10)));
}

TEST(TestTimes, WhatCameToNothingIsForgotten) {
  ManualClock clock;
  TestTimes times;
  const auto place = net::host_space();
  const WallTime begun = clock.wall();
  {
    const TestTimes::Running other(times, clock, *place);
    clock.advance(seconds(1));
  }
  {
    TestTimes::Running refused(times, clock, *place);
    clock.advance(seconds(5));
    refused.forget();
    EXPECT_FALSE(times.overlaps(*place, begun + seconds(2), clock.wall()));
  }
  EXPECT_FALSE(times.overlaps(*place, begun + seconds(2), clock.wall() + seconds(9)));
  EXPECT_TRUE(times.overlaps(*place, begun, begun + seconds(2))) << "the other one is still known";
}

}  // namespace
}  // namespace gnomon::methods
