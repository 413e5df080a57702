#include "methods/response_change.h"

#include <gtest/gtest.h>

namespace gnomon::methods {
namespace {

using namespace std::chrono_literals;

class ResponseChangeTest : public testing::Test {
 protected:
  void packets(int count, bool answered) {
    for (int i = 0; i < count; ++i) {
      change.decided({sequence, now, 7, answered, false});
      ++sequence;
      now = now + kInterval;
    }
  }

  static constexpr Nanoseconds kInterval = 500ms;
  ResponseChange change{kInterval};
  std::uint32_t sequence = 0;
  MonotonicTime now{100s};
};

TEST_F(ResponseChangeTest, FiveLostInARowAreASilence) {
  packets(20, true);
  packets(4, false);
  EXPECT_TRUE(change.may_change(now));
  EXPECT_EQ(change.missing(), 500ms);
  EXPECT_FALSE(change.changed(now));
  packets(1, false);
  EXPECT_TRUE(change.changed(now));
  EXPECT_EQ(change.run().first, 20U);
  EXPECT_EQ(change.run().length, 5U);
  change.told(now);
  packets(20, false);
  EXPECT_FALSE(change.may_change(now)) << "told once";
}

TEST_F(ResponseChangeTest, FiveAnsweredInARowEndIt) {
  packets(5, false);
  change.told(now);
  packets(4, true);
  EXPECT_FALSE(change.changed(now));
  packets(1, false);
  packets(5, true);
  EXPECT_TRUE(change.changed(now));
}

TEST_F(ResponseChangeTest, AnAnswerBetweenBeginsAnew) {
  packets(4, false);
  packets(1, true);
  packets(4, false);
  EXPECT_FALSE(change.changed(now));
}

TEST_F(ResponseChangeTest, ABurstIsNoSilence) {
  // Ten packets a second: a radio handover of 1.9 s loses nineteen.
  ResponseChange quick{100ms};
  MonotonicTime at{100s};
  for (std::uint32_t i = 0; i < 19; ++i, at = at + 100ms) quick.decided({i, at, 0, false, false});
  EXPECT_FALSE(quick.changed(at));
  quick.decided({19, at, 0, false, false});
  EXPECT_TRUE(quick.changed(at));
}

TEST_F(ResponseChangeTest, ALossyPathNeedsALongerRun) {
  for (int i = 0; i < 200; ++i) {
    packets(1, false);
    packets(4, true);
  }
  packets(12, false);
  EXPECT_FALSE(change.changed(now)) << "about a fifth is usual";
  packets(6, false);
  EXPECT_TRUE(change.changed(now));
}

TEST_F(ResponseChangeTest, AnOutageIsNotTakenForUsualLoss) {
  packets(600, true);
  packets(5, false);
  change.told(now);
  packets(600, false);
  packets(5, true);
  ASSERT_TRUE(change.changed(now));
  change.told(now);
  packets(20, true);
  packets(5, false);
  EXPECT_TRUE(change.changed(now));
}

TEST_F(ResponseChangeTest, TwoChangesInTenSecondsAreTold) {
  for (int i = 0; i < 2; ++i) {
    packets(5, i == 1);
    EXPECT_TRUE(change.changed(now));
    change.told(now);
  }
  packets(5, false);
  EXPECT_FALSE(change.changed(now));
  packets(9, false);
  EXPECT_FALSE(change.changed(now)) << "9.5 s after the first";
  packets(1, false);
  EXPECT_TRUE(change.changed(now));
}

TEST_F(ResponseChangeTest, CountsWhatTheRunHasInItsFirstWindow) {
  packets(3, true);
  change.decided({3, now, 7, false, true});
  change.decided({4, now + 500ms, 7, false, false});
  change.decided({5, now + 1s, 8, false, true});
  EXPECT_EQ(change.run().window, 7U);
  EXPECT_EQ(change.run().in_window, 2U);
  EXPECT_EQ(change.run().refused_in_window, 1U);
}

}  // namespace
}  // namespace gnomon::methods
