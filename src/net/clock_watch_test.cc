#include "net/clock_watch.h"

#include <gtest/gtest.h>

namespace gnomon::net {
namespace {

using namespace std::chrono_literals;

TEST(ClockWatch, SeesStepsBothWays) {
  ManualClock clock;
  ClockWatch watch(clock);
  clock.advance(5s);
  EXPECT_FALSE(watch.update());
  clock.step_wall(1h);
  EXPECT_TRUE(watch.update());
  EXPECT_EQ(watch.last_step(), 1h);
  EXPECT_FALSE(watch.update());
  clock.step_wall(-2h);
  EXPECT_TRUE(watch.update());
  EXPECT_EQ(watch.last_step(), -2h);
  EXPECT_EQ(watch.wall(clock.now()), clock.wall());
}

TEST(ClockWatch, IgnoresWhatTwoReadsDifferBy) {
  ManualClock clock;
  ClockWatch watch(clock);
  clock.step_wall(1us);
  EXPECT_FALSE(watch.update());
  clock.step_wall(5us);
  EXPECT_TRUE(watch.update());
}

TEST(ClockWatch, SystemClocksDoNotStepByThemselves) {
  const SystemClock clock;
  ClockWatch watch(clock);
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(watch.update());
}

}  // namespace
}  // namespace gnomon::net
