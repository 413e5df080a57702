#include "methods/packet_series.h"

#include <gtest/gtest.h>

namespace gnomon::methods {
namespace {

using namespace std::chrono_literals;
using schema::Outcome;

constexpr Nanoseconds kOffset = 1'800'000'000s;
constexpr MonotonicTime kStart{1000s};
constexpr LocalClock kClock{};

// A path at 100 ms, time-out 1 s, window 10 s; time is what the test says.
class PacketSeriesTest : public testing::Test {
 protected:
  static SeriesOptions options() { return {100ms, 1s, 10s, kStart, kStart, false, true}; }

  void send(Nanoseconds at) {
    const auto now = kStart + at;
    series.sent({now, now + 10us, kOffset, {}, {}}, cookie(series.next_sequence()), false);
  }
  bool answer(std::uint32_t sequence, Nanoseconds at, std::optional<std::uint32_t> remote = std::nullopt) {
    return answer_with(sequence, cookie(sequence), at, remote);
  }
  bool answer_with(std::uint32_t sequence, std::uint64_t value, Nanoseconds at,
                   std::optional<std::uint32_t> remote = std::nullopt) {
    const auto now = kStart + at;
    return series.answered({sequence, value, remote, std::nullopt, std::nullopt},
                           {now - 1ms, now, kOffset, false, WallTime{now.since_boot + kOffset}}, kClock);
  }
  std::vector<schema::DelayWindow> windows_at(Nanoseconds at) {
    series.advance(kStart + at);
    return series.take_windows();
  }
  static std::uint64_t cookie(std::uint32_t sequence) { return 0xc00c1e00 + sequence; }

  PacketSeries series{options()};
};

TEST_F(PacketSeriesTest, CountsAnsweredAndLostOnce) {
  for (int i = 0; i < 100; ++i) {
    send(i * 100ms);
    if (i % 10 != 3) {
      EXPECT_TRUE(answer(static_cast<std::uint32_t>(i), i * 100ms + 20ms));
    }
  }
  EXPECT_TRUE(windows_at(10'900ms).empty()) << "the last packets' time-out has not passed";
  const auto windows = windows_at(11s);
  ASSERT_EQ(windows.size(), 1u);
  const auto& window = windows[0];
  EXPECT_EQ(window.start, WallTime{kStart.since_boot + kOffset});
  EXPECT_EQ(window.duration, 10s);
  EXPECT_EQ(window.marks, schema::kMarkNone);
  EXPECT_EQ(window.outcome, Outcome::kAnswered);
  EXPECT_EQ(window.sent, 100u);
  EXPECT_EQ(window.received, 90u);
  EXPECT_EQ(window.lost, 10u);
  EXPECT_EQ(window.rtt.count(), 90u);
  EXPECT_EQ(window.rtt_min, 20ms - 5us);
  EXPECT_EQ(window.ipdv.count(), 79u) << "consecutive packets, both answered";
  EXPECT_FALSE(window.lost_forward);
}

TEST_F(PacketSeriesTest, PartialWindowsAreMarked) {
  auto started_late = options();
  started_late.start = kStart + 4s;
  series = PacketSeries(started_late);
  send(4s);
  answer(0, 4010ms);
  send(12s);
  answer(1, 12010ms);
  series.finish(kStart + 13s, kStart + 14s);
  const auto windows = windows_at(13s);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[0].duration, 6s);
  EXPECT_EQ(windows[0].marks, schema::kMarkPartial);
  EXPECT_EQ(windows[1].duration, 3s);
  EXPECT_EQ(windows[1].marks, schema::kMarkPartial);
  EXPECT_TRUE(series.finished());
}

TEST_F(PacketSeriesTest, LateAnswersAreLostToo) {
  send(0ms);
  answer(0, 1001ms);
  const auto windows = windows_at(11s);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].lost, 1u);
  EXPECT_EQ(windows[0].late, 1u);
  EXPECT_EQ(windows[0].received, 0u);
  EXPECT_EQ(windows[0].outcome, Outcome::kNoAnswer);
}

TEST_F(PacketSeriesTest, DuplicatesCountBeyondTheFirst) {
  send(0ms);
  for (int i = 0; i < 3; ++i) answer(0, 10ms);
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].received, 1u);
  EXPECT_EQ(windows[0].duplicated, 2u);
  EXPECT_EQ(windows[0].rtt.count(), 1u);
}

TEST_F(PacketSeriesTest, ReorderingCountsThePacketThatCameLate) {
  for (int i = 0; i < 4; ++i) send(i * 100ms);
  for (const std::uint32_t sequence : {0u, 3u, 1u, 2u}) answer(sequence, 500ms);
  EXPECT_EQ(windows_at(11s)[0].reordered, 2u);
}

TEST_F(PacketSeriesTest, ForgedAnswersAreCountedAndNotBelieved) {
  send(0ms);
  EXPECT_FALSE(answer_with(0, cookie(0) + 1, 10ms));
  EXPECT_FALSE(answer(1, 10ms)) << "never sent";
  EXPECT_FALSE(answer(0xffffffff, 10ms)) << "never sent";
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].stray, 3u);
  EXPECT_EQ(windows[0].lost, 1u);
  EXPECT_EQ(windows[0].received, 0u);
}

TEST_F(PacketSeriesTest, RefusedPacketsAreLostAndUnreachable) {
  send(0ms);
  EXPECT_FALSE(series.refused(0, cookie(7), nullptr, "host unreachable")) << "the quote has another cookie";
  EXPECT_TRUE(series.refused(0, cookie(0), nullptr, "host unreachable"));
  EXPECT_TRUE(series.refused(0, std::nullopt, nullptr, "host unreachable")) << "said twice, counted once";
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].unreachable, 1u);
  EXPECT_EQ(windows[0].lost, 1u);
  EXPECT_EQ(windows[0].outcome, Outcome::kUnreachable);
}

TEST_F(PacketSeriesTest, FailedSendsAreAnOutcome) {
  series.not_sent(kStart, kOffset, "Network is unreachable");
  const auto windows = windows_at(11s);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].outcome, Outcome::kNotSent);
  EXPECT_EQ(windows[0].sent, 0u);
}

TEST_F(PacketSeriesTest, StatefulReflectorTellsDirections) {
  // 1 and 2 lost there, 4 lost on the way back.
  for (int i = 0; i < 7; ++i) send(i * 100ms);
  answer(0, 610ms, 0);
  answer(3, 610ms, 1);
  answer(5, 610ms, 3);
  answer(6, 610ms, 4);
  const auto windows = windows_at(11s);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].lost, 3u);
  EXPECT_EQ(windows[0].lost_forward, 2u);
  EXPECT_EQ(windows[0].lost_backward, 1u);
  EXPECT_EQ(windows[0].reordered_forward, 0u);
}

TEST_F(PacketSeriesTest, ReorderingThereIsSeenInTheReflectorsNumbers) {
  for (int i = 0; i < 4; ++i) send(i * 100ms);
  answer(0, 410ms, 0);
  answer(1, 420ms, 2);  // overtaken by 2
  answer(2, 430ms, 1);
  answer(3, 440ms, 3);
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].reordered, 0u);
  EXPECT_EQ(windows[0].reordered_forward, 1u);
}

TEST_F(PacketSeriesTest, ReorderingBackIsSeenInTheOrderOfTheReflectorsNumbers) {
  // 1 was lost there, so the reflector's numbers differ from ours.
  for (int i = 0; i < 7; ++i) send(i * 100ms);
  answer(0, 700ms, 0);
  answer(3, 710ms, 2);
  answer(2, 720ms, 1);  // overtaken on the way back
  answer(4, 730ms, 3);
  answer(6, 740ms, 5);
  answer(6, 741ms, 5);  // doubled on the way back: not reordered
  answer(5, 750ms, 4);  // overtaken on the way back
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].reordered_backward, 2u);
  EXPECT_EQ(windows[0].reordered_forward, 0u);
  EXPECT_EQ(windows[0].reordered, 2u);
}

TEST_F(PacketSeriesTest, ReorderedThereAndPutRightOnTheWayBackCountsInBothDirections) {
  // Why the directions do not add up to the round trip: it sees nothing of this.
  for (int i = 0; i < 4; ++i) send(i * 100ms);
  answer(0, 410ms, 0);
  answer(1, 420ms, 2);
  answer(2, 430ms, 1);
  answer(3, 440ms, 3);
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].reordered, 0u);
  EXPECT_EQ(windows[0].reordered_forward, 1u);
  EXPECT_EQ(windows[0].reordered_backward, 1u);
}

TEST_F(PacketSeriesTest, AReflectorThatBeginsAnewReordersNothing) {
  auto stateful = options();
  stateful.stateful_reflector = true;
  series = PacketSeries(stateful);
  for (int i = 0; i < 40; ++i) send(i * 100ms);
  for (std::uint32_t i = 0; i < 20; ++i) answer(i, 4s, 5000 + i);
  for (std::uint32_t i = 20; i < 40; ++i) answer(i, 4s, i - 20);
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].reordered_forward, 0u);
  EXPECT_EQ(windows[0].reordered_backward, 0u);
}

TEST_F(PacketSeriesTest, DirectionsOfReorderingAreUnknownWithAStatelessReflector) {
  for (int i = 0; i < 3; ++i) send(i * 100ms);
  for (const std::uint32_t sequence : {0u, 2u, 1u}) answer(sequence, 500ms, sequence);
  const auto windows = windows_at(11s);
  EXPECT_EQ(windows[0].reordered, 1u);
  EXPECT_FALSE(windows[0].reordered_forward);
  EXPECT_FALSE(windows[0].reordered_backward);
}

TEST_F(PacketSeriesTest, TailLossesWaitForTheAnswerThatTellsTheirDirection) {
  auto stateful = options();
  stateful.stateful_reflector = true;
  series = PacketSeries(stateful);
  send(9'000ms);
  answer(0, 9'010ms, 0);
  send(9'900ms);   // lost there
  send(10'500ms);  // still under way when the first window's time-out passes
  send(10'950ms);
  answer(3, 10'960ms, 2);
  series.advance(kStart + 11'000ms);
  EXPECT_TRUE(series.take_windows().empty());
  const auto windows = windows_at(11'500ms);  // 2 is decided: lost on the way back
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].lost_forward.value() + windows[0].lost_backward.value(), 1u);
}

TEST_F(PacketSeriesTest, StoppingEarlyTakesUndecidedPacketsOut) {
  send(0ms);
  answer(0, 10ms);
  send(100ms);
  series.finish(kStart + 150ms, kStart + 200ms);
  EXPECT_TRUE(windows_at(160ms).empty());
  const auto windows = windows_at(200ms);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].sent, 1u);
  EXPECT_EQ(windows[0].lost, 0u);
  EXPECT_TRUE(series.finished());
}

TEST_F(PacketSeriesTest, SteppedClockIsMarked) {
  send(0ms);
  series.wall_clock_stepped();
  answer(0, 10ms);
  EXPECT_EQ(windows_at(11s)[0].marks, schema::kMarkClockStepped);
}

TEST_F(PacketSeriesTest, EveryPacketIsDecidedInExactlyOneWindow) {
  // A minute of packets under pseudo-random fates: sums over the windows equal what was done.
  std::uint64_t state = 1;
  std::uint32_t sent = 0, answered = 0, refused = 0;
  std::uint32_t sum_sent = 0, sum_received = 0, sum_lost = 0, sum_unreachable = 0;
  const auto collect = [&](std::vector<schema::DelayWindow> windows) {
    for (const auto& window : windows) {
      sum_sent += window.sent;
      sum_received += window.received;
      sum_lost += window.lost;
      sum_unreachable += window.unreachable;
      EXPECT_EQ(window.sent, window.received + window.lost);
      EXPECT_EQ(window.rtt.count(), window.received);
    }
  };
  for (int i = 0; i < 600; ++i) {
    const auto at = i * 100ms;
    send(at);
    ++sent;
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto fate = state >> 60;
    if (fate < 8) {
      answer(static_cast<std::uint32_t>(i), at + 30ms);
      ++answered;
    } else if (fate < 10) {
      series.refused(static_cast<std::uint32_t>(i), std::nullopt, nullptr, "host unreachable");
      ++refused;
    }
    collect(windows_at(at + 50ms));
  }
  collect(windows_at(62s));
  EXPECT_EQ(sum_sent, sent);
  EXPECT_EQ(sum_received, answered);
  EXPECT_EQ(sum_lost, sent - answered);
  EXPECT_EQ(sum_unreachable, refused);
}

}  // namespace
}  // namespace gnomon::methods
