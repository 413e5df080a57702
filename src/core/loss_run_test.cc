#include "core/loss_run.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gnomon {
namespace {

TEST(LossesBeyondChance, KnownLengths) {
  EXPECT_EQ(losses_beyond_chance(0), 5U);
  EXPECT_EQ(losses_beyond_chance(0.001), 5U);
  EXPECT_EQ(losses_beyond_chance(0.01), 5U);
  EXPECT_EQ(losses_beyond_chance(0.02), 6U);
  EXPECT_EQ(losses_beyond_chance(0.05), 8U);
  EXPECT_EQ(losses_beyond_chance(0.2), 15U);
  EXPECT_EQ(losses_beyond_chance(0.5), 34U);
  EXPECT_EQ(losses_beyond_chance(1), 34U);
  EXPECT_EQ(losses_beyond_chance(std::nan("")), 5U);
}

TEST(LossesBeyondChance, IsTheShortestThatKeepsTheChance) {
  for (double ratio = 0.011; ratio < 0.5; ratio += 0.007) {
    const auto length = losses_beyond_chance(ratio);
    EXPECT_LE(std::pow(ratio, length), kRunChance * 1.000001) << ratio;
    EXPECT_GT(std::pow(ratio, length - 1), kRunChance) << ratio;
  }
}

}  // namespace
}  // namespace gnomon
