#include "methods/loss_direction.h"

#include <gtest/gtest.h>

namespace gnomon::methods {
namespace {

constexpr std::uint32_t kWindow = 0;

TEST(LossDirection, TellsForwardFromBackward) {
  LossDirection direction(true);
  direction.answered(0, 0);
  direction.lost(kWindow);  // 1: never arrived
  direction.answered(2, 1);
  direction.lost(kWindow);  // 3: arrived as number 2
  direction.lost(kWindow);  // 4: never arrived
  direction.answered(5, 3);
  const auto share = direction.take(kWindow);
  EXPECT_TRUE(share.known);
  EXPECT_EQ(share.forward, 2u);
  EXPECT_EQ(share.backward, 1u);
}

TEST(LossDirection, CountsLossesBeforeTheFirstAnswer) {
  LossDirection direction(true);
  direction.lost(kWindow);
  direction.lost(kWindow);
  direction.answered(2, 1);  // a fresh reflector has seen one of them
  const auto share = direction.take(kWindow);
  EXPECT_EQ(share.forward, 1u);
  EXPECT_EQ(share.backward, 1u);
}

TEST(LossDirection, ASessionThatIsOlderThanWeHidesNoLoss) {
  LossDirection direction(true);
  direction.answered(0, 40);  // the reflector has counted for a sender before us
  direction.lost(kWindow);
  direction.answered(2, 41);
  const auto share = direction.take(kWindow);
  EXPECT_EQ(share.forward, 1u);
  EXPECT_EQ(share.backward, 0u);
}

TEST(LossDirection, FindsOutThatTheReflectorCounts) {
  LossDirection direction(false);
  direction.answered(0, 0);
  EXPECT_FALSE(direction.stateful());
  direction.lost(kWindow);
  direction.answered(2, 1);
  EXPECT_TRUE(direction.stateful());
}

TEST(LossDirection, ReorderingThereIsNoLoss) {
  LossDirection direction(true);
  direction.answered(0, 0);
  direction.answered(1, 2);
  direction.answered(2, 1);
  direction.answered(3, 3);
  direction.lost(kWindow);
  direction.answered(5, 4);
  const auto share = direction.take(kWindow);
  EXPECT_EQ(share.forward, 1u);
  EXPECT_EQ(share.backward, 0u);
}

TEST(LossDirection, DuplicationThereDoesNotHideLoss) {
  LossDirection direction(true);
  direction.answered(0, 0);
  direction.duplicated_forward();  // arrived again as number 1
  direction.answered(1, 2);
  direction.lost(kWindow);
  direction.answered(3, 3);
  EXPECT_EQ(direction.take(kWindow).forward, 1u);
}

TEST(LossDirection, SumsStayRightAcrossWindows) {
  LossDirection direction(true);
  direction.answered(0, 0);
  direction.lost(1);
  direction.lost(1);
  direction.lost(2);
  EXPECT_TRUE(direction.waits(1));
  direction.answered(4, 3);  // two of three arrived
  EXPECT_FALSE(direction.waits(1));
  const auto first = direction.take(1);
  const auto second = direction.take(2);
  EXPECT_EQ(first.forward + second.forward, 1u);
  EXPECT_EQ(first.backward + second.backward, 2u);
}

TEST(LossDirection, ARestartedReflectorMakesTheGapUnknown) {
  LossDirection direction(true);
  direction.answered(5000, 5000);
  direction.lost(kWindow);
  direction.answered(5002, 0);
  EXPECT_FALSE(direction.take(kWindow).known);
  direction.lost(1);
  direction.answered(5004, 1);
  const auto share = direction.take(1);
  EXPECT_TRUE(share.known);
  EXPECT_EQ(share.forward, 1u);
}

TEST(LossDirection, WhatStillWaitsIsUnknown) {
  LossDirection direction(true);
  direction.answered(0, 0);
  direction.lost(kWindow);
  EXPECT_FALSE(direction.take(kWindow).known);
}

}  // namespace
}  // namespace gnomon::methods
