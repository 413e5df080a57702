#include "server/live_path.h"

#include <gtest/gtest.h>

namespace gnomon::server {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(LivePath, MorePacketsAMinuteThanItCountsAreNoMoreLostThanSent) {
  LivePath path(std::make_shared<const PathIdentity>(), MonotonicTime{});
  const WallTime start{minutes(29'000'000)};
  std::uint64_t sequence = 0;
  for (int i = 0; i < 3 * 60; ++i) {
    schema::DelayWindow window;
    window.start = start + i * seconds(20);
    window.duration = seconds(20);
    window.outcome = schema::Outcome::kAnswered;
    window.sent = 0x6000'0000;  // three of them are more than 32 bits hold
    window.lost = i < 3 * 58 ? 0x2000'0000 : 0;
    path.add(window, ++sequence, MonotonicTime{});
  }
  const auto shift = path.shift(29'000'059);
  ASSERT_TRUE(shift);
  EXPECT_TRUE(shift->changed.by_loss);
  EXPECT_NEAR(shift->changed.before, 0.375, 0.001);
  EXPECT_EQ(shift->changed.after, 0);
}

}  // namespace
}  // namespace gnomon::server
