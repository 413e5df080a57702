#include "methods/responsiveness/load_turns.h"

#include <gtest/gtest.h>

namespace gnomon::methods::responsiveness {
namespace {

using std::chrono::seconds;

const net::Address kFirst = *net::Address::parse("192.0.2.1");
const net::Address kSecond = *net::Address::parse("192.0.2.2");

struct LoadTurnsTest : testing::Test {
  ManualClock clock;
  SpeedQueue queue{clock};
  LoadTurns turns{queue, clock, {.flows = 2}};
  seconds again{};
};

TEST_F(LoadTurnsTest, FlowsOfOneAddressShareATurn) {
  const auto one = turns.begin(kFirst, again);
  const auto two = turns.begin(kFirst, again);
  EXPECT_TRUE(one && two);
  EXPECT_EQ(queue.waiting(), 0U) << "both are one place";
  EXPECT_FALSE(turns.begin(kFirst, again)) << "a third is over the limit";
  EXPECT_EQ(again, seconds(1));
}

TEST_F(LoadTurnsTest, AnotherAddressIsToldWhenToComeBack) {
  auto one = turns.begin(kFirst, again);
  clock.advance(seconds(30));
  const auto other = turns.begin(kSecond, again);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(again, seconds(60));
  EXPECT_EQ(queue.waiting(), 0U) << "who was told to come back holds no place";
}

TEST_F(LoadTurnsTest, ATurnIsKeptForTheNextDirectionAndThenGivenUp) {
  std::optional<std::shared_ptr<void>> one = *turns.begin(kFirst, again);
  one.reset();
  turns.tidy();
  EXPECT_FALSE(turns.begin(kSecond, again));
  clock.advance(seconds(4));
  turns.tidy();
  EXPECT_FALSE(queue.running());
  EXPECT_TRUE(turns.begin(kSecond, again));
}

TEST_F(LoadTurnsTest, ATurnIsGivenUpSoonerForTheSameClientsNextMethod) {
  std::optional<std::shared_ptr<void>> one = *turns.begin(kFirst, again);
  auto own = queue.enter("192.0.2.1", seconds(10));
  one.reset();
  turns.tidy();
  EXPECT_EQ(own->ahead().tests, 1U) << "its other direction may still come";
  clock.advance(seconds(1));
  turns.tidy();
  EXPECT_EQ(own->ahead().tests, 0U);
}

TEST_F(LoadTurnsTest, ATurnIsNotGivenUpSoonerForAnother) {
  std::optional<std::shared_ptr<void>> one = *turns.begin(kFirst, again);
  const auto other = queue.enter("192.0.2.2", seconds(10));
  const auto own = queue.enter("192.0.2.1", seconds(10));
  one.reset();
  clock.advance(seconds(2));
  turns.tidy();
  EXPECT_EQ(other->ahead().tests, 1U) << "the same client is behind it";
}

TEST_F(LoadTurnsTest, ATurnEnds) {
  const auto one = turns.begin(kFirst, again);
  clock.advance(seconds(91));
  EXPECT_FALSE(turns.begin(kFirst, again));
}

TEST_F(LoadTurnsTest, WaitsForTestsOfOtherMethods) {
  auto other = queue.enter("192.0.2.9", seconds(20));
  EXPECT_FALSE(turns.begin(kFirst, again));
  EXPECT_EQ(again, seconds(20));
  other->leave();
  EXPECT_TRUE(turns.begin(kFirst, again));
}

TEST_F(LoadTurnsTest, AFlowMayOutliveItsTurn) {
  auto one = turns.begin(kFirst, again);
  { const LoadTurns gone = std::move(turns); }
  one->reset();
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
