#include "lab/link_queue.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gnomon::lab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr MonotonicTime kStart{std::chrono::seconds(100)};
constexpr Frame kFrame{.bytes = 1000, .kind = Frame::Kind::kIpv4};

TEST(LinkQueue, AddsTheDelay) {
  LinkQueue queue({.delay = milliseconds(40)}, 1);
  const Departure departure = queue.arrive(kStart, kFrame);
  EXPECT_EQ(departure.verdict, Verdict::kForward);
  EXPECT_EQ(departure.at, kStart + milliseconds(40));
}

TEST(LinkQueue, SerialisesFramesOneAfterAnother) {
  // 1000 bytes at 8 Mbit/s take 1 ms.
  LinkQueue queue({.delay = milliseconds(10), .rate = 8'000'000, .queue = milliseconds(100)}, 1);
  EXPECT_EQ(queue.arrive(kStart, kFrame).at, kStart + milliseconds(11));
  EXPECT_EQ(queue.arrive(kStart, kFrame).at, kStart + milliseconds(12));
  // The line has been idle since 2 ms: no waiting.
  EXPECT_EQ(queue.arrive(kStart + milliseconds(5), kFrame).at, kStart + milliseconds(16));
}

TEST(LinkQueue, DropsTheTailOfAFullQueueAndNoMore) {
  LinkQueue queue({.rate = 8'000'000, .queue = milliseconds(5)}, 1);
  int forwarded = 0;
  int dropped = 0;
  for (int i = 0; i < 20; ++i) (queue.arrive(kStart, kFrame).verdict == Verdict::kForward ? forwarded : dropped) += 1;
  EXPECT_EQ(forwarded, 6);  // One on the line, five that wait 1 to 5 ms.
  EXPECT_EQ(dropped, 14);
  // After 2 ms there is room for two.
  const MonotonicTime later = kStart + milliseconds(2);
  EXPECT_EQ(queue.arrive(later, kFrame).verdict, Verdict::kForward);
  EXPECT_EQ(queue.arrive(later, kFrame).verdict, Verdict::kForward);
  EXPECT_EQ(queue.arrive(later, kFrame).verdict, Verdict::kQueue);
}

TEST(LinkQueue, PolicerLetsItsBurstThroughAndThenItsRate) {
  DirectionSettings settings;
  settings.police = 8'000'000;  // a frame of 1000 bytes each millisecond
  settings.burst = 10'000;
  LinkQueue queue(settings, 1);
  const auto forwarded_of = [&](int frames, MonotonicTime at) {
    int forwarded = 0;
    for (int i = 0; i < frames; ++i) {
      const Departure departure = queue.arrive(at, kFrame);
      if (departure.verdict != Verdict::kForward) {
        EXPECT_EQ(departure.verdict, Verdict::kPolice);
        continue;
      }
      EXPECT_EQ(departure.at, at);  // nothing waits
      ++forwarded;
    }
    return forwarded;
  };
  EXPECT_EQ(forwarded_of(30, kStart), 10);
  EXPECT_EQ(forwarded_of(30, kStart + milliseconds(1)), 1);
  EXPECT_EQ(forwarded_of(30, kStart + milliseconds(5)), 4);
  EXPECT_EQ(forwarded_of(30, kStart + milliseconds(1'000)), 10);  // no more than the bucket holds
}

TEST(LinkQueue, KeepsOrderUnderJitterAndStaysWithinIt) {
  LinkQueue queue({.delay = milliseconds(10), .jitter = milliseconds(4)}, 7);
  MonotonicTime last;
  Nanoseconds least = milliseconds(99);
  Nanoseconds most{0};
  for (int i = 0; i < 2000; ++i) {
    const MonotonicTime now = kStart + milliseconds(20 * i);  // Far apart: no frame waits for another.
    const MonotonicTime at = queue.arrive(now, kFrame).at;
    EXPECT_GE(at, last);
    last = at;
    least = std::min(least, at - now);
    most = std::max(most, at - now);
  }
  EXPECT_GE(least, milliseconds(6));
  EXPECT_LE(most, milliseconds(14));
  EXPECT_LT(least, microseconds(6100));
  EXPECT_GT(most, microseconds(13900));
  LinkQueue dense({.delay = milliseconds(10), .jitter = milliseconds(4)}, 7);
  last = {};
  for (int i = 0; i < 2000; ++i) {
    const MonotonicTime at = dense.arrive(kStart + microseconds(100 * i), kFrame).at;
    EXPECT_GE(at, last);
    last = at;
  }
}

int lost_of(const DirectionSettings& settings, Frame::Kind kind, int frames) {
  LinkQueue queue(settings, 3);
  int lost = 0;
  for (int i = 0; i < frames; ++i) lost += queue.arrive(kStart, {.bytes = 100, .kind = kind}).verdict == Verdict::kLoss;
  return lost;
}

TEST(LinkQueue, LosesTheShareAskedForByFamily) {
  // 100,000 draws: five standard deviations of a 2 % share are 221 frames.
  EXPECT_NEAR(lost_of({.loss = 0.02}, Frame::Kind::kIpv4, 100'000), 2000, 221);
  EXPECT_NEAR(lost_of({.ipv6_loss = 0.02}, Frame::Kind::kIpv6, 100'000), 2000, 221);
  EXPECT_EQ(lost_of({.ipv6_loss = 0.02}, Frame::Kind::kIpv4, 100'000), 0);
  EXPECT_EQ(lost_of({.ipv4_loss = 0.02}, Frame::Kind::kIpv6, 100'000), 0);
  EXPECT_EQ(lost_of({.loss = 1}, Frame::Kind::kOther, 1000), 1000);
}

TEST(LinkQueue, MarksDuplicatesAndHeldFramesInTheirShare) {
  LinkQueue queue({.reorder = 0.1, .duplicate = 0.3}, 5);
  int held = 0;
  int doubled = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Departure departure = queue.arrive(kStart, kFrame);
    held += departure.held;
    doubled += departure.duplicate;
  }
  EXPECT_NEAR(held, 10'000, 474);
  EXPECT_NEAR(doubled, 30'000, 725);
}

TEST(LinkQueue, DropsWhatIsTooBigOrComesWhileDown) {
  LinkQueue queue({.mtu = 1400}, 1);
  EXPECT_EQ(queue.arrive(kStart, {.bytes = 1414}).verdict, Verdict::kForward);
  EXPECT_EQ(queue.arrive(kStart, {.bytes = 1415}).verdict, Verdict::kMtu);
  queue.set_down(true);
  EXPECT_EQ(queue.arrive(kStart, {.bytes = 100}).verdict, Verdict::kDown);
  queue.set_down(false);
  EXPECT_EQ(queue.arrive(kStart, {.bytes = 100}).verdict, Verdict::kForward);
}

TEST(LinkQueue, AShorterDelayLetsNobodyOvertake) {
  LinkQueue queue({.delay = milliseconds(50)}, 1);
  const MonotonicTime first = queue.arrive(kStart, kFrame).at;
  queue.set({.delay = milliseconds(1)});
  EXPECT_EQ(queue.arrive(kStart + milliseconds(1), kFrame).at, first);
  EXPECT_EQ(queue.arrive(kStart + milliseconds(60), kFrame).at, kStart + milliseconds(61));
}

TEST(LinkQueue, OneSeedGivesOneHistory) {
  const DirectionSettings settings{
      .delay = milliseconds(5), .jitter = milliseconds(2), .loss = 0.1, .reorder = 0.1, .duplicate = 0.1};
  LinkQueue one(settings, 42);
  LinkQueue two(settings, 42);
  for (int i = 0; i < 1000; ++i) {
    const Departure a = one.arrive(kStart + microseconds(i), kFrame);
    const Departure b = two.arrive(kStart + microseconds(i), kFrame);
    ASSERT_EQ(a.verdict, b.verdict);
    ASSERT_EQ(a.at, b.at);
    ASSERT_EQ(a.held, b.held);
    ASSERT_EQ(a.duplicate, b.duplicate);
  }
}

}  // namespace
}  // namespace gnomon::lab
