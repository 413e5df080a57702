#include "store/time_grid.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "store/level_columns.h"

namespace gnomon::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kMidnight{hours(24 * 20'000)};
const CompleteFrom kAllKept{};

TEST(ChooseGrid, TakesTheFinestStepThatFitsAndTheCoarsestLevelThatHasIt) {
  const TimeRange day{kMidnight, kMidnight + hours(24)};
  const Grid by_minute = choose_grid(day, 1'440, std::nullopt, kAllKept);
  EXPECT_EQ(by_minute.level, Level::kMinute);
  EXPECT_EQ(by_minute.step, minutes(1));
  const Grid coarse = choose_grid(day, 500, std::nullopt, kAllKept);
  EXPECT_EQ(coarse.level, Level::kMinute);
  EXPECT_EQ(coarse.step, minutes(5));
  EXPECT_EQ(choose_grid(day, 24, std::nullopt, kAllKept).level, Level::kHour);
  EXPECT_EQ(choose_grid(day, 1, std::nullopt, kAllKept).level, Level::kDay);
}

TEST(ChooseGrid, NeverGivesMorePointsThanAskedAndCoversTheRange) {
  SeededRandom random(1);
  for (int i = 0; i < 5'000; ++i) {
    const WallTime from = kMidnight + seconds(random.next() % 10'000'000);
    const TimeRange range{from, from + seconds(1 + random.next() % (1ULL << (random.next() % 30)))};
    const std::size_t points = 1 + random.next() % 2'000;
    const std::optional<Level> level =
        random.next() % 2 == 0 ? std::nullopt : std::optional(static_cast<Level>(random.next() % kLevels));
    const Grid grid = choose_grid(range, points, level, kAllKept);
    const TimeRange wide = widen(range, grid.step);
    EXPECT_LE(wide.from, range.from);
    EXPECT_GE(wide.to, range.to);
    EXPECT_LE(static_cast<std::size_t>((wide.to - wide.from) / grid.step), points);
    if (const Nanoseconds bucket = bucket_of(grid.level); bucket != Nanoseconds(0)) {
      EXPECT_EQ(grid.step % bucket, Nanoseconds(0));
    }
  }
}

TEST(ChooseGrid, GoesCoarserWhereRetentionTookTheFinerLevel) {
  CompleteFrom kept{};
  kept[0] = kMidnight - hours(24 * 7);
  kept[1] = kMidnight - hours(24 * 90);
  const WallTime old = kMidnight - hours(24 * 30);
  EXPECT_EQ(choose_grid({old, old + minutes(20)}, 500, std::nullopt, kept).level, Level::kMinute);
  const WallTime older = kMidnight - hours(24 * 200);
  const Grid grid = choose_grid({older, older + hours(10)}, 5'000, std::nullopt, kept);
  EXPECT_EQ(grid.level, Level::kHour);
  EXPECT_EQ(grid.step, hours(1));
}

TEST(ChooseGrid, FallsBackToTheLevelThatReachesFurthestWhenNoneReaches) {
  CompleteFrom kept{};
  for (std::size_t l = 0; l < kLevels; ++l) kept[l] = kMidnight - hours(1 + static_cast<int>(l));
  const WallTime old = kMidnight - hours(48);
  EXPECT_EQ(choose_grid({old, old + minutes(20)}, 500, std::nullopt, kept).level, Level::kDay);
}

TEST(ChooseSummaryLevel, IsExactForShortRanges) {
  EXPECT_EQ(choose_summary_level({kMidnight, kMidnight + minutes(15)}, kAllKept), Level::kRaw);
  EXPECT_EQ(choose_summary_level({kMidnight, kMidnight + minutes(16)}, kAllKept), Level::kMinute);
  EXPECT_EQ(choose_summary_level({kMidnight, kMidnight + hours(49)}, kAllKept), Level::kHour);
  EXPECT_EQ(choose_summary_level({kMidnight, kMidnight + hours(24 * 61)}, kAllKept), Level::kDay);
}

}  // namespace
}  // namespace gnomon::store
