#include "methods/speed_queue.h"

#include <gtest/gtest.h>

#include <thread>

namespace gnomon::methods {
namespace {

using std::chrono::seconds;

TEST(SpeedQueue, OneRunsAndTheOthersAreToldWhatIsBeforeThem) {
  ManualClock clock;
  SpeedQueue queue(clock);
  auto first = queue.enter("192.0.2.1", seconds(10));
  auto second = queue.enter("192.0.2.2", seconds(20));
  const auto third = queue.enter("192.0.2.3", seconds(10));
  ASSERT_TRUE(first && second && third);
  EXPECT_EQ(first->ahead(), (SpeedQueue::Ahead{0, seconds(0)}));
  EXPECT_EQ(third->ahead(), (SpeedQueue::Ahead{2, seconds(30)}));
  clock.advance(seconds(4));
  EXPECT_EQ(second->ahead(), (SpeedQueue::Ahead{1, seconds(6)}));
  EXPECT_EQ(queue.waiting(), 2U);
  EXPECT_FALSE(second->wait(Nanoseconds{}));
  first->leave();
  EXPECT_TRUE(second->wait(Nanoseconds{}));
  EXPECT_EQ(third->ahead(), (SpeedQueue::Ahead{1, seconds(20)}));
}

TEST(SpeedQueue, OneThatTakesTooLongDoesNotMakeTheWaitNegative) {
  ManualClock clock;
  SpeedQueue queue(clock);
  const auto first = queue.enter("192.0.2.1", seconds(10));
  const auto second = queue.enter("192.0.2.2", seconds(10));
  clock.advance(seconds(25));
  EXPECT_EQ(second->ahead(), (SpeedQueue::Ahead{1, seconds(0)}));
}

TEST(SpeedQueue, WhoWaitsMayLeave) {
  ManualClock clock;
  SpeedQueue queue(clock);
  const auto first = queue.enter("192.0.2.1", seconds(10));
  {
    const auto second = queue.enter("192.0.2.2", seconds(10));
    EXPECT_EQ(queue.waiting(), 1U);
  }
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_TRUE(queue.running());
}

TEST(SpeedQueue, FullLinesSayWhenToComeBack) {
  ManualClock clock;
  SpeedQueue queue(clock, {.most_waiting = 1, .most_of_one = 1});
  const auto first = queue.enter("192.0.2.1", seconds(10));
  const auto again = queue.enter("192.0.2.1", seconds(10));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message(),
            "start a speed test for 192.0.2.1: 1 tests of this address wait or run already; try again in 10 s");
  const auto second = queue.enter("192.0.2.2", seconds(10));
  ASSERT_TRUE(second);
  const auto third = queue.enter("192.0.2.3", seconds(10));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(third.error().advice, "try again in 20 s");
}

TEST(SpeedQueue, WhoWaitsWakesWhenItsTurnComes) {
  SystemClock clock;
  SpeedQueue queue(clock);
  auto first = queue.enter("192.0.2.1", seconds(10));
  auto second = queue.enter("192.0.2.2", seconds(10));
  std::thread leaving([&] { first->leave(); });
  EXPECT_TRUE(second->wait(seconds(60)));
  leaving.join();
}

TEST(SpeedQueue, OneThatWatchesHearsOfEachMove) {
  ManualClock clock;
  SpeedQueue queue(clock);
  const auto start = queue.wait_for_move(0, seconds(10));
  EXPECT_EQ(queue.wait_for_move(start, Nanoseconds{}), start);
  auto place = queue.enter("192.0.2.1", seconds(10));
  const auto entered = queue.wait_for_move(start, seconds(10));
  EXPECT_NE(entered, start);
  std::thread leaving([&] { place->leave(); });
  EXPECT_NE(queue.wait_for_move(entered, seconds(10)), entered);
  leaving.join();
}

TEST(SpeedQueue, TestsOfASessionRunWithinItsTurnBeforeAllOthers) {
  ManualClock clock;
  SpeedQueue queue(clock);
  auto session = queue.enter_session("192.0.2.1", seconds(100));
  const auto other = queue.enter("192.0.2.2", seconds(10));
  ASSERT_TRUE(session && other);
  EXPECT_TRUE(queue.is_free_for("192.0.2.1"));
  EXPECT_FALSE(queue.is_free_for("192.0.2.2"));
  auto first = queue.enter("::ffff:192.0.2.1", seconds(10));  // as a socket of both families names it
  auto second = queue.enter("192.0.2.1", seconds(10));
  EXPECT_FALSE(queue.is_free_for("192.0.2.1"));
  EXPECT_EQ(first->ahead(), (SpeedQueue::Ahead{0, seconds(0)}));
  clock.advance(seconds(4));
  EXPECT_EQ(second->ahead(), (SpeedQueue::Ahead{1, seconds(6)}));
  EXPECT_EQ(other->ahead(), (SpeedQueue::Ahead{1, seconds(96)})) << "a session's time holds that of its tests";
  EXPECT_EQ(queue.waiting(), 2U);
  first->leave();
  EXPECT_TRUE(second->wait(Nanoseconds{}));
}

TEST(SpeedQueue, ASessionKnowsHowLongNothingRunsWithinIt) {
  ManualClock clock;
  SpeedQueue queue(clock);
  const auto session = queue.enter_session("192.0.2.1", seconds(100));
  clock.advance(seconds(3));
  EXPECT_EQ(session->quiet(), seconds(3));
  auto test = queue.enter("192.0.2.1", seconds(10));
  clock.advance(seconds(5));
  EXPECT_EQ(session->quiet(), seconds(0));
  test->leave();
  clock.advance(seconds(2));
  EXPECT_EQ(session->quiet(), seconds(2));
}

TEST(SpeedQueue, ATestThatOutlivesItsSessionStillRunsAlone) {
  ManualClock clock;
  SpeedQueue queue(clock);
  auto session = queue.enter_session("192.0.2.1", seconds(100));
  auto test = queue.enter("192.0.2.1", seconds(10));
  const auto other = queue.enter("192.0.2.2", seconds(10));
  session->leave();
  EXPECT_EQ(test->ahead().tests, 0U);
  EXPECT_EQ(other->ahead(), (SpeedQueue::Ahead{1, seconds(10)}));
  const auto later = queue.enter("192.0.2.1", seconds(10));
  EXPECT_EQ(later->ahead().tests, 2U) << "the session is over: it waits like everybody";
  test->leave();
  EXPECT_EQ(other->ahead().tests, 0U);
}

TEST(SpeedQueue, ASessionThatWaitsTakesNobodyIn) {
  ManualClock clock;
  SpeedQueue queue(clock);
  auto first = queue.enter("192.0.2.2", seconds(10));
  const auto session = queue.enter_session("192.0.2.1", seconds(100));
  const auto early = queue.enter("192.0.2.1", seconds(10));
  EXPECT_EQ(early->ahead(), (SpeedQueue::Ahead{2, seconds(110)}));
  EXPECT_EQ(session->quiet(), seconds(0));
  first->leave();
  EXPECT_EQ(session->ahead().tests, 0U);
  EXPECT_EQ(early->ahead().tests, 1U) << "it came before the session had its turn, and waits behind it";
}

TEST(SpeedQueue, ThePlaceThatServesIsUnderTestWhileATestHasItsTurn) {
  ManualClock clock;
  TestTimes times;
  SpeedQueue queue(clock);
  queue.mark(times);
  const auto here = std::make_shared<net::HostSpace>();
  const auto there = std::make_shared<net::HostSpace>();
  const WallTime begun = clock.wall();
  auto first = queue.enter("192.0.2.1", seconds(10), here);
  auto second = queue.enter("192.0.2.2", seconds(10), there);
  ASSERT_TRUE(first && second);
  clock.advance(seconds(4));
  EXPECT_TRUE(times.overlaps(*here, begun, begun + seconds(1)));
  EXPECT_FALSE(times.overlaps(*there, begun, begun + seconds(4)));  // it waits
  first->leave();
  clock.advance(seconds(2));
  second->leave();
  EXPECT_FALSE(times.overlaps(*here, begun + seconds(4), begun + seconds(9)));
  EXPECT_TRUE(times.overlaps(*there, begun + seconds(5), begun + seconds(9)));
  EXPECT_FALSE(times.overlaps(*there, begun + seconds(6), begun + seconds(9)));
}

}  // namespace
}  // namespace gnomon::methods
