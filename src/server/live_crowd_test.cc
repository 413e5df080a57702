#include "server/live_crowd.h"

#include <gtest/gtest.h>

#include "gnomon/v1/delay.pb.h"

namespace gnomon::server {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kBase{1'700'000'000s};

// One window of each path; those of `lost` without any answer.
schema::DelayColumns windows_of(std::uint32_t paths, const std::vector<std::uint32_t>& lost, Nanoseconds later = 0s) {
  v1::DelayWindows columns;
  for (std::uint32_t p = 0; p < paths; ++p) {
    const bool is_lost = std::ranges::find(lost, p) != lost.end();
    schema::DelayWindow window;
    window.start = kBase + later;
    window.duration = 10s;
    window.sent = 10;
    (is_lost ? window.lost : window.received) = 10;
    window.outcome = is_lost ? schema::Outcome::kNoAnswer : schema::Outcome::kAnswered;
    schema::append(columns, p, kBase, window);
  }
  return schema::DelayColumns::view(columns, paths).value();
}

PathCounts counts_of(const LiveCrowd& crowd, bool silent = false) {
  PathCounts counts;
  crowd.count_into(counts, silent);
  return counts;
}

TEST(LiveCrowd, CountsPathsByHowTheirNewestWindowWent) {
  LiveCrowd crowd;
  crowd.reset({true, false, false, false});
  EXPECT_EQ(counts_of(crowd).in(PathState::kUnknown), 3U);
  crowd.add(windows_of(4, {0, 2}), kBase);
  EXPECT_EQ(counts_of(crowd).total, 3U);
  EXPECT_EQ(counts_of(crowd).in(PathState::kGood), 2U);
  EXPECT_EQ(counts_of(crowd).in(PathState::kBroken), 1U);
  crowd.add(windows_of(4, {}, 10s), kBase);
  EXPECT_EQ(counts_of(crowd).in(PathState::kBroken), 0U);
}

TEST(LiveCrowd, OldWindowsChangeNothing) {
  LiveCrowd crowd;
  crowd.reset({false});
  crowd.add(windows_of(1, {}, 10s), kBase);
  crowd.add(windows_of(1, {0}), kBase);
  EXPECT_EQ(counts_of(crowd).in(PathState::kGood), 1U);
}

TEST(LiveCrowd, ASilentProbesPathsAreStale) {
  LiveCrowd crowd;
  crowd.reset({false, false});
  crowd.add(windows_of(2, {}), kBase);
  EXPECT_EQ(counts_of(crowd, true).in(PathState::kStale), 2U);
  EXPECT_EQ(counts_of(crowd, true).total, 2U);
}

}  // namespace
}  // namespace gnomon::server
