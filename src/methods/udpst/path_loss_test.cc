#include "methods/udpst/path_loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/random.h"
#include "methods/udpst/rate_search.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint32_t kPerRow = 5;  // datagrams of 1250 bytes in 50 ms at 1 Mbit/s

// A link that passes `rows` Mbit/s, drops what is more, and loses `loss` of what passes.
Feedback trial(std::size_t row, double rows, double loss, Random& random) {
  const auto offered = static_cast<std::uint32_t>(row * kPerRow);
  const auto passing = std::min(offered, static_cast<std::uint32_t>(rows * kPerRow));
  std::uint32_t received = 0;
  for (std::uint32_t i = 0; i < passing; ++i) received += random.uniform() >= loss ? 1 : 0;
  Feedback feedback;
  feedback.rtt_variation_ms = 0;
  feedback.sub_intervals = 1;
  feedback.datagrams = received;
  feedback.lost = offered - received;
  return feedback;
}

// The row after ten seconds, by the median of the last two.
std::size_t reached(double rows, double loss, std::uint64_t seed) {
  const RateTable table({false, false});
  RateSearch search(table, {});
  SeededRandom random(seed);
  std::vector<std::size_t> last;
  for (int i = 0; i < 200; ++i) {
    search.adjust(trial(search.index(), rows, loss, random));
    if (i >= 160) last.push_back(search.index());
  }
  std::ranges::nth_element(last, last.begin() + 20);
  return last[20];
}

TEST(UdpstPathLoss, ALinkThatLosesByChanceIsFilled) {
  for (const double rows : {100, 500, 900}) {
    for (const double loss : {0.001, 0.01, 0.02}) {
      int filled = 0;
      for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto row = static_cast<double>(reached(rows, loss, seed));
        EXPECT_LE(row, rows * 1.05 + 5) << rows << " Mbit/s, loss " << loss << ", seed " << seed;
        filled += row >= rows * 0.98 ? 1 : 0;
      }
      EXPECT_GE(filled, 19) << rows << " Mbit/s, loss " << loss;
    }
  }
}

TEST(UdpstPathLoss, ALimitThatLosesNothingBelowItIsNotOverrun) {
  for (const double rows : {20, 100, 500, 900}) {
    EXPECT_LE(reached(rows, 0, 7), rows + 4) << rows << " Mbit/s";
    EXPECT_GE(reached(rows, 0, 7), rows * 0.97) << rows << " Mbit/s";
  }
}

TEST(UdpstPathLoss, NeedsToHaveSeenItFarBelow) {
  PathLoss loss;
  for (int i = 0; i < 100; ++i) loss.note(495, 5);
  EXPECT_EQ(loss.expected(495, 5), 0U);     // not below itself
  EXPECT_EQ(loss.expected(990, 10), 0U);    // nor a little below
  EXPECT_EQ(loss.expected(3960, 40), 58U);  // 40 and three times its square root
  for (int i = 0; i < 100; ++i) loss.note(50, 50);
  EXPECT_EQ(loss.expected(3960, 40), 0U);  // too much for chance
}

}  // namespace
}  // namespace gnomon::methods::udpst
