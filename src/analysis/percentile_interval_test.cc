#include "analysis/percentile_interval.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/random.h"

namespace gnomon::analysis {
namespace {

// Tables of distribution-free intervals for the median (e.g. Hollander, Wolfe: n = 10, ranks 2 and 9: 97.9 %).
TEST(QuantileRanks, TheMedianOfTenLiesBetweenTheSecondAndTheNinth) {
  const RankInterval ranks = quantile_ranks(10, 0.5, 0.95);
  ASSERT_TRUE(ranks.low && ranks.high);
  EXPECT_EQ(*ranks.low, 1U);
  EXPECT_EQ(*ranks.high, 8U);
}

TEST(QuantileRanks, FiveSamplesDoNotBoundAMedianAt95Percent) {
  const RankInterval ranks = quantile_ranks(5, 0.5, 0.95);  // 2 × 0.5⁵ = 6.25 % outside all five
  EXPECT_FALSE(ranks.low);
  EXPECT_FALSE(ranks.high);
  EXPECT_TRUE(quantile_ranks(6, 0.5, 0.95).low);  // 3.1 %
}

TEST(QuantileRanks, A99thPercentileNeedsHundredsOfSamplesForItsUpperBound) {
  EXPECT_FALSE(quantile_ranks(367, 0.99, 0.95).high);  // 0.99³⁶⁷ = 2.501 %
  EXPECT_TRUE(quantile_ranks(368, 0.99, 0.95).high);   // 2.476 %
}

TEST(QuantileRanks, TheApproximationMeetsTheExactRanks) {
  for (const double q : {0.05, 0.5, 0.95, 0.99}) {
    const RankInterval exact = quantile_ranks(1'000, q, 0.95), near = quantile_ranks(1'001, q, 0.95);
    ASSERT_TRUE(exact.low && exact.high && near.low && near.high);
    EXPECT_NEAR(static_cast<double>(*exact.low), static_cast<double>(*near.low), 2.1) << q;
    EXPECT_NEAR(static_cast<double>(*exact.high), static_cast<double>(*near.high), 2.1) << q;
  }
}

TEST(PercentileInterval, AnEmptySketchHasNone) {
  EXPECT_FALSE(percentile_interval(DelaySketch(), 0.5));
}

TEST(PercentileInterval, HoldsTheTrueQuantileAsOftenAsItSays) {
  SeededRandom random(5);
  for (const auto& [q, n] : {std::pair(0.5, 60), std::pair(0.95, 300), std::pair(0.99, 3'000)}) {
    constexpr int kTrials = 1'000;
    int held = 0;
    const double truth = -std::log(1 - q) * 1e7;  // exponential delays, mean 10 ms
    for (int trial = 0; trial < kTrials; ++trial) {
      DelaySketch sketch;
      for (int i = 0; i < n; ++i) {
        sketch.add(Nanoseconds(static_cast<std::int64_t>(-std::log(1 - random.uniform()) * 1e7)));
      }
      const auto interval = percentile_interval(sketch, q);
      ASSERT_TRUE(interval);
      EXPECT_LE(interval->low, interval->estimate);
      EXPECT_GE(interval->high, interval->estimate);
      held +=
          static_cast<double>(interval->low.count()) <= truth && truth <= static_cast<double>(interval->high.count());
    }
    EXPECT_GE(held, 0.94 * kTrials) << "q=" << q << " n=" << n;  // 95 % less two standard deviations of the trials
    EXPECT_LT(held, kTrials) << "an interval that always holds is too wide";
  }
}

TEST(PercentileInterval, NegativeDelaysKeepTheirOrder) {
  DelaySketch sketch;
  for (int i = 0; i < 100; ++i) sketch.add(Nanoseconds(-1'000'000 - 1'000 * i));
  const auto interval = percentile_interval(sketch, 0.5);
  ASSERT_TRUE(interval);
  EXPECT_LT(interval->low, interval->estimate);
  EXPECT_GT(interval->high, interval->estimate);
  EXPECT_LT(interval->high.count(), 0);
}

}  // namespace
}  // namespace gnomon::analysis
