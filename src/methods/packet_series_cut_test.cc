// Windows that end where a path fell silent or answered again (docs/adr/0008).

#include <gtest/gtest.h>

#include <map>

#include "methods/packet_series.h"

namespace gnomon::methods {
namespace {

using namespace std::chrono_literals;
using schema::Outcome;

constexpr Nanoseconds kOffset = 1'800'000'000s;
constexpr MonotonicTime kStart{1000s};
constexpr LocalClock kClock{};

// A path that sends every `interval`, with a round trip of 20 ms; what is answered is what `answers` says of the
// sending time. Time-out 2 s, windows of 10 s.
class Path {
 public:
  explicit Path(Nanoseconds interval, Nanoseconds window = 10s, bool stateful = false)
      : interval_(interval), series_({interval, 2s, window, kStart, kStart, stateful, false}), stateful_(stateful) {}

  template <typename Answers>
  void run(Nanoseconds from, Nanoseconds until, const Answers& answers) {
    for (Nanoseconds at = from; at < until; at += interval_) {
      const auto sequence = series_.next_sequence();
      series_.sent({kStart + at, kStart + at + 10us, kOffset, {}, {}}, 1000 + sequence, false);
      collect(at);
      if (!answers(at)) continue;
      const auto now = kStart + at + 20ms;
      const ReceivedAnswer answer{sequence, 1000 + sequence, stateful_ ? std::optional(remote_++) : std::nullopt,
                                  std::nullopt, std::nullopt};
      series_.answered(answer, {now, now, kOffset, false, WallTime{now.since_boot + kOffset}}, kClock);
      // The engine's timer.
      while (series_.next_due() && *series_.next_due() < kStart + at + interval_) {
        collect(std::max(*series_.next_due() - kStart, at + 20ms));
      }
    }
  }
  void collect(Nanoseconds at) {
    series_.advance(kStart + at);
    for (auto& window : series_.take_windows()) {
      seen_.push_back(at);
      windows_.push_back(std::move(window));
    }
  }
  void finish(Nanoseconds at) {
    series_.finish(kStart + at, kStart + at + 2s);
    collect(at + 2s);
    EXPECT_TRUE(series_.finished());
  }

  // Every packet in exactly one window, every window beside the one before.
  void expect_whole(std::uint32_t sent) const {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      const auto& window = windows_[i];
      sum += window.sent;
      EXPECT_EQ(window.sent, window.received + window.lost) << i;
      EXPECT_EQ(window.rtt.count(), window.received) << i;
      EXPECT_LE(window.unreachable, window.lost) << i;
      EXPECT_GT(window.duration, 0s) << i;
      EXPECT_LE(window.duration, 10s) << i;
      EXPECT_EQ((window.marks & schema::kMarkPartial) != 0, window.duration < 10s) << i;
      if (i > 0) {
        EXPECT_EQ(window.start, windows_[i - 1].start + windows_[i - 1].duration) << i;
      }
    }
    EXPECT_EQ(sum, sent);
  }
  [[nodiscard]] const std::vector<schema::DelayWindow>& windows() const { return windows_; }
  [[nodiscard]] Nanoseconds seen(std::size_t i) const { return seen_.at(i); }
  [[nodiscard]] Nanoseconds start(std::size_t i) const {
    return windows_.at(i).start.since_epoch - kOffset - kStart.since_boot;
  }
  PacketSeries& series() { return series_; }
  void lose_remote(std::uint32_t count) { remote_ += count; }

 private:
  Nanoseconds interval_;
  PacketSeries series_;
  bool stateful_;
  std::uint32_t remote_ = 0;
  std::vector<schema::DelayWindow> windows_;
  std::vector<Nanoseconds> seen_;
};

TEST(WindowCuts, ASilenceEndsTheWindowWhereItBegan) {
  Path path(500ms);
  path.run(0s, 40s, [](Nanoseconds at) { return at < 13s; });
  path.finish(40s);
  path.expect_whole(80);
  ASSERT_GE(path.windows().size(), 3u);
  const auto& answered = path.windows()[1];
  const auto& silent = path.windows()[2];
  EXPECT_EQ(path.start(1), 10s);
  EXPECT_EQ(answered.sent, 6u);
  EXPECT_EQ(answered.lost, 0u);
  EXPECT_EQ(path.start(2), 13s);
  EXPECT_EQ(silent.received, 0u);
  EXPECT_GE(silent.sent, 5u);
  EXPECT_EQ(silent.outcome, Outcome::kNoAnswer);
  EXPECT_LE(path.seen(2), 17'500ms) << "five packets, and the last one's time-out";
  EXPECT_EQ(path.windows().size(), 6u) << "a long silence is cut once";
}

TEST(WindowCuts, AnswersAgainEndTheSilentWindow) {
  Path path(500ms);
  path.run(0s, 60s, [](Nanoseconds at) { return at < 13s || at >= 34'200ms; });
  path.finish(60s);
  path.expect_whole(120);
  std::size_t first = 0;
  while (path.start(first) < 34'500ms) ++first;
  EXPECT_EQ(path.start(first), 34'500ms);
  EXPECT_EQ(path.windows()[first - 1].received, 0u);
  EXPECT_EQ(path.windows()[first].lost, 0u);
  EXPECT_GE(path.windows()[first].received, 5u);
  EXPECT_LE(path.seen(first), 37'500ms);
}

TEST(WindowCuts, HoldForEveryMomentOfTheFailureAndTheRepair) {
  // Wherever the failure falls on the grid: no window mixes both, and each change is told in time.
  for (const Nanoseconds interval : {100ms, 250ms, 500ms, 1000ms}) {
    for (Nanoseconds fails = 10s; fails < 20s; fails += 130ms) {
      const Nanoseconds heals = fails + 25s;
      Path path(interval);
      path.run(0s, 60s, [&](Nanoseconds at) { return at < fails || at >= heals; });
      path.finish(60s);
      path.expect_whole(static_cast<std::uint32_t>(60s / interval));
      std::optional<Nanoseconds> broken, good;
      for (std::size_t i = 0; i < path.windows().size(); ++i) {
        const auto& window = path.windows()[i];
        EXPECT_TRUE(window.received == 0 || window.lost == 0) << interval.count() << " " << fails.count() << " " << i;
        if (!broken && window.received == 0) broken = path.seen(i);
        if (broken && !good && window.received > 0) good = path.seen(i);
      }
      ASSERT_TRUE(broken && good);
      const Nanoseconds run = std::max<Nanoseconds>(5 * interval, 2s);
      EXPECT_LE(*broken - fails, run + 2s + 2 * interval) << interval.count() << " " << fails.count();
      EXPECT_LE(*good - heals, run + 2s + 2 * interval) << interval.count() << " " << fails.count();
    }
  }
}

TEST(WindowCuts, ShortBurstsAndScatteredLossesCutNothing) {
  Path path(500ms);
  std::uint64_t state = 1;
  path.run(0s, 600s, [&](Nanoseconds at) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const bool handover = at % 60s < 1500ms;
    return !handover && (state >> 33) % 100 >= 3;
  });
  path.finish(600s);
  path.expect_whole(1200);
  EXPECT_EQ(path.windows().size(), 60u);
}

TEST(WindowCuts, FlappingGivesABoundedNumberOfWindows) {
  Path path(100ms);
  path.run(0s, 600s, [](Nanoseconds at) { return at % 5s < 2500ms; });
  path.finish(600s);
  path.expect_whole(6000);
  EXPECT_LE(path.windows().size(), 60u * 5u);
}

TEST(WindowCuts, ShortWindowsStayWhole) {
  Path path(100ms, 1s);
  path.run(0s, 30s, [](Nanoseconds at) { return at < 13'500ms; });
  path.finish(30s);
  EXPECT_EQ(path.windows().size(), 30u);
}

TEST(WindowCuts, RefusalsGoWithTheirPackets) {
  Path path(500ms);
  path.run(0s, 13s, [](Nanoseconds) { return true; });
  for (Nanoseconds at = 13s; at < 25s; at += 500ms) {
    const auto sequence = path.series().next_sequence();
    path.run(at, at + 500ms, [](Nanoseconds) { return false; });
    path.series().refused(sequence, std::nullopt, nullptr, "host unreachable");
  }
  path.finish(25s);
  path.expect_whole(50);
  ASSERT_GE(path.windows().size(), 4u);
  EXPECT_EQ(path.windows()[1].unreachable, 0u);
  for (std::size_t i = 2; i < path.windows().size(); ++i) {
    EXPECT_EQ(path.windows()[i].unreachable, path.windows()[i].lost) << i;
    EXPECT_EQ(path.windows()[i].outcome, Outcome::kUnreachable) << i;
  }
}

TEST(WindowCuts, DirectionsStayTrueAfterAnOutage) {
  Path path(500ms, 10s, true);
  path.run(0s, 33s, [](Nanoseconds at) { return at < 13s; });  // lost on the way there
  path.run(33s, 42s, [](Nanoseconds) { return true; });
  path.run(42s, 43s, [](Nanoseconds) { return false; });  // on the way back: the reflector counted these two
  path.lose_remote(2);
  path.run(43s, 60s, [](Nanoseconds) { return true; });
  path.finish(60s);
  path.expect_whole(120);
  std::uint32_t forward = 0, backward = 0;
  for (std::size_t i = 0; i < path.windows().size(); ++i) {
    const auto& window = path.windows()[i];
    if (path.start(i) < 13s) {
      EXPECT_EQ(window.lost_forward, 0u) << i;
    }
    if (path.start(i) >= 33s) {
      ASSERT_TRUE(window.lost_forward && window.lost_backward) << i;
      forward += *window.lost_forward;
      backward += *window.lost_backward;
    }
  }
  EXPECT_EQ(forward, 0u) << "losses of the outage are not told again";
  EXPECT_EQ(backward, 2u);
}

TEST(WindowCuts, PacketsFartherApartThanTheTimeOutLeaveNoGap) {
  Path path(4s, 60s);
  path.run(0s, 240s, [](Nanoseconds at) { return at < 70s || at > 140s; });
  path.finish(240s);
  std::uint32_t sent = 0;
  for (std::size_t i = 0; i < path.windows().size(); ++i) {
    const auto& window = path.windows()[i];
    sent += window.sent;
    EXPECT_TRUE(window.received == 0 || window.lost == 0) << i;
    if (i > 0) {
      EXPECT_GE(window.start, path.windows()[i - 1].start + path.windows()[i - 1].duration) << i;
      EXPECT_LE(window.start, path.windows()[i - 1].start + path.windows()[i - 1].duration + 4s) << i;
    }
  }
  EXPECT_EQ(sent, 60u);
}

}  // namespace
}  // namespace gnomon::methods
