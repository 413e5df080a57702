// Reordering by direction against a link that the test plays itself: what the series says is what either end of the
// link saw by RFC 4737 §3.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"
#include "methods/packet_series.h"

namespace gnomon::methods {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kOffset = 1'800'000'000s;
constexpr MonotonicTime kStart{1000s};

struct Packet {
  std::uint32_t sequence = 0;
  std::uint32_t remote = 0;
};
using Packets = std::vector<Packet>;

// Some are lost; some wait until the next one that does not wait has left.
Packets carry(const Packets& packets, double loss, double reorder, Random& random) {
  Packets out, held;
  for (const Packet& packet : packets) {
    if (random.uniform() < loss) continue;
    if (random.uniform() < reorder) {
      held.push_back(packet);
      continue;
    }
    out.push_back(packet);
    out.insert(out.end(), held.begin(), held.end());
    held.clear();
  }
  out.insert(out.end(), held.begin(), held.end());
  return out;
}

std::uint32_t reordered(const Packets& packets, std::uint32_t Packet::*number) {
  std::uint32_t next_expected = 0, count = 0;
  for (const Packet& packet : packets) {
    count += packet.*number < next_expected ? 1 : 0;
    next_expected = std::max(next_expected, packet.*number + 1);
  }
  return count;
}

struct Journey {
  std::uint32_t forward = 0, backward = 0, lost_forward = 0, lost_backward = 0;  // the truth
  schema::DelayWindow window;                                                    // as measured
};

Journey travel(double loss, double reorder, std::uint64_t seed) {
  constexpr std::uint32_t kCount = 2000;
  SeededRandom random(seed);
  Packets sent(kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) sent[i].sequence = i;
  Packets there = carry(sent, loss, reorder, random);
  for (std::uint32_t i = 0; i < there.size(); ++i) there[i].remote = i;
  const Packets back = carry(there, loss, reorder, random);

  PacketSeries series({1ms, 10s, 100s, kStart, kStart, true, false});
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const auto now = kStart + i * 1ms;
    series.sent({now, now + 1us, kOffset, {}, {}}, i, false);
  }
  const auto now = kStart + kCount * 1ms;
  for (const Packet& packet : back) {
    series.answered({packet.sequence, packet.sequence, packet.remote, std::nullopt, std::nullopt},
                    {now, now, kOffset, false, std::nullopt}, {});
  }
  series.advance(kStart + 200s);
  Journey journey{reordered(there, &Packet::sequence),
                  reordered(back, &Packet::remote),
                  kCount - static_cast<std::uint32_t>(there.size()),
                  static_cast<std::uint32_t>(there.size() - back.size()),
                  {}};
  auto windows = series.take_windows();
  EXPECT_EQ(windows.size(), 1u);
  if (!windows.empty()) journey.window = std::move(windows.front());
  return journey;
}

TEST(PacketSeriesOrder, BothDirectionsAreExactWithoutLoss) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto [forward, backward, lost_forward, lost_backward, window] = travel(0, 0.1, seed);
    EXPECT_EQ(window.reordered_forward, forward) << seed;
    EXPECT_EQ(window.reordered_backward, backward) << seed;
    EXPECT_LT(window.reordered, forward + backward) << "some are put right on the way back";
    EXPECT_EQ(window.lost, 0u);
  }
}

TEST(PacketSeriesOrder, TheWayBackIsExactUnderLossAndTheWayThereMissesOnlyWhatItHides) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto [forward, backward, lost_forward, lost_backward, window] = travel(0.02, 0.1, seed);
    EXPECT_EQ(window.reordered_backward, backward) << seed;
    EXPECT_LE(window.reordered_forward, forward) << seed;
    // Of each packet lost on the way back: itself, and those that it alone overtook.
    EXPECT_GE(window.reordered_forward.value() + 2 * lost_backward, forward) << seed;
    EXPECT_EQ(window.lost, lost_forward + lost_backward) << seed;
  }
}

}  // namespace
}  // namespace gnomon::methods
