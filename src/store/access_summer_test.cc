#include <gtest/gtest.h>

#include "schema/delay_window.h"
#include "store/access.h"

namespace gnomon::store {
namespace {

using namespace std::chrono_literals;

schema::AccessResult test_at(WallTime start, std::uint64_t throughput) {
  schema::AccessResult r;
  r.start = start;
  r.method = "tcp";
  r.outcome = schema::AccessOutcome::kDone;
  r.throughput = throughput;
  r.verdict = schema::AccessLimit::kNetwork;
  return r;
}

TEST(AccessSummer, TheMedianIsTheLowerOfTheTwoInTheMiddle) {
  AccessSummer summer(AccessSlot::kNone, 0min);
  for (const std::uint64_t bps : {900, 100, 300, 500}) summer.add("gz", test_at(WallTime{1h}, bps));
  const auto list = summer.finish();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].throughput, (AccessSpread{4, 100, 300, 900}));
  EXPECT_EQ(list[0].rpm, std::nullopt);  // nobody knows it: not 0
}

TEST(AccessSummer, OnlyTestsThatAreDoneAndUndisturbedHaveFigures) {
  AccessSummer summer(AccessSlot::kNone, 0min);
  summer.add("gz", test_at(WallTime{1h}, 100));
  schema::AccessResult cut = test_at(WallTime{3h}, 7);
  cut.outcome = schema::AccessOutcome::kCutShort;
  schema::AccessResult disturbed = test_at(WallTime{2h}, 9);
  disturbed.marks = schema::kMarkCapacityTest;
  summer.add("gz", cut);
  summer.add("gz", disturbed);
  const auto one = summer.finish().at(0);
  EXPECT_EQ(one.tests, 3U);
  EXPECT_EQ(one.done, 2U);
  EXPECT_EQ(one.disturbed, 1U);
  EXPECT_EQ(one.throughput, (AccessSpread{1, 100, 100, 100}));
  EXPECT_EQ(one.verdicts[static_cast<std::size_t>(schema::AccessLimit::kNetwork)], 1U);
  EXPECT_EQ(one.newest, WallTime{3h});
}

TEST(AccessSummer, SlotsAreThoseOfTheReadersZone) {
  // 2026-11-26 was a Thursday; 17:30 UTC is half past one on Friday in China.
  const WallTime thursday{std::chrono::sys_days(std::chrono::year(2026) / 11 / 26).time_since_epoch() + 17h + 30min};
  const auto slot = [&](AccessSlot by, std::chrono::minutes offset, WallTime at) {
    AccessSummer summer(by, offset);
    summer.add("gz", test_at(at, 1));
    return summer.finish().at(0).slot;
  };
  EXPECT_EQ(slot(AccessSlot::kHourOfDay, 0min, thursday), 17U);
  EXPECT_EQ(slot(AccessSlot::kHourOfDay, 8h, thursday), 1U);
  EXPECT_EQ(slot(AccessSlot::kHourOfDay, -18h, thursday), 23U);
  EXPECT_EQ(slot(AccessSlot::kDayOfWeek, 0min, thursday), 4U);
  EXPECT_EQ(slot(AccessSlot::kDayOfWeek, 8h, thursday), 5U);
  EXPECT_EQ(slot(AccessSlot::kDayOfWeek, 0min, WallTime{-5h * 24}), 6U);  // 1969-12-27, a Saturday
}

}  // namespace
}  // namespace gnomon::store
