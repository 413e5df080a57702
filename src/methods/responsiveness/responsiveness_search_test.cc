#include "methods/responsiveness/responsiveness_search.h"

#include <gtest/gtest.h>

namespace gnomon::methods::responsiveness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Stage = ResponsivenessSearch::Stage;

// A second at this goodput (Mbit/s, down), with ten probes of each kind at this delay.
Interval second_of(double megabits, Nanoseconds delay) {
  Interval interval;
  interval.length = seconds(1);
  interval.bytes_down = static_cast<std::uint64_t>(megabits * 1e6 / 8);
  for (auto* probes : {&interval.probes.tcp, &interval.probes.tls, &interval.probes.http, &interval.probes.self}) {
    probes->assign(10, delay);
  }
  return interval;
}

TEST(ResponsivenessSearch, AddsAFlowEachIntervalUntilGoodputSettles) {
  ResponsivenessSearch search({});
  EXPECT_EQ(search.flows(), 1U);
  // Moving averages 10, 15, 20, 25, 40: far apart.
  for (const double megabits : {10.0, 20.0, 30.0, 40.0, 70.0})
    search.end_interval(second_of(megabits, milliseconds(50)));
  EXPECT_EQ(search.stage(), Stage::kGoodput);
  EXPECT_EQ(search.flows(), 6U);
}

TEST(ResponsivenessSearch, SteadyGoodputThenSteadyRpmTakesTwiceTheDistance) {
  ResponsivenessSearch search({});
  for (int i = 0; i < 3; ++i) search.end_interval(second_of(50, milliseconds(100)));
  EXPECT_EQ(search.stage(), Stage::kGoodput);
  search.end_interval(second_of(50, milliseconds(100)));
  EXPECT_EQ(search.stage(), Stage::kResponsiveness);
  EXPECT_EQ(search.goodput_confidence(), Confidence::kHigh);
  const auto flows = search.flows();
  for (int i = 0; i < 3; ++i) search.end_interval(second_of(50, milliseconds(100)));
  EXPECT_EQ(search.stage(), Stage::kResponsiveness);
  EXPECT_EQ(search.rpm_confidence(), Confidence::kLow);
  search.end_interval(second_of(50, milliseconds(100)));
  EXPECT_EQ(search.stage(), Stage::kDone);
  EXPECT_EQ(search.rpm_confidence(), Confidence::kHigh);
  EXPECT_EQ(search.flows(), flows) << "flows are not added once goodput has settled";
  EXPECT_DOUBLE_EQ(search.rpm()->overall, 600);
  EXPECT_EQ(search.goodput_down().value, 50'000'000U);
  EXPECT_EQ(search.intervals(), 8U);
}

TEST(ResponsivenessSearch, FourValuesAroundTheToleranceDecide) {
  // Deviation of {a, a, a, b} is (b - a)·√3/4: 10 % more in the last interval moves the last average by 2.5 %.
  ResponsivenessSearch calm({});
  for (const double megabits : {50.0, 50.0, 50.0, 55.0}) calm.end_interval(second_of(megabits, milliseconds(10)));
  EXPECT_EQ(calm.stage(), Stage::kResponsiveness);
  ResponsivenessSearch wild({});
  for (const double megabits : {50.0, 50.0, 50.0, 80.0}) wild.end_interval(second_of(megabits, milliseconds(10)));
  EXPECT_EQ(wild.stage(), Stage::kGoodput);
}

TEST(ResponsivenessSearch, OnlyRecentProbesCount) {
  ResponsivenessSearch search({});
  for (int i = 0; i < 4; ++i) search.end_interval(second_of(50, milliseconds(10)));
  for (int i = 0; i < 4; ++i) search.end_interval(second_of(50, milliseconds(200)));
  EXPECT_EQ(search.recent().self.size(), 40U);
  EXPECT_DOUBLE_EQ(search.rpm()->loaded, 300);
}

TEST(ResponsivenessSearch, GoesOnWhenAStageHasHadItsTime) {
  SearchOptions options;
  options.goodput_time = seconds(6);
  options.rpm_time = seconds(3);
  ResponsivenessSearch search(options);
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(search.stage(), Stage::kGoodput);
    search.end_interval(second_of(i % 2 == 0 ? 10 : 100 * i, milliseconds(20)));
  }
  EXPECT_EQ(search.stage(), Stage::kResponsiveness);
  EXPECT_EQ(search.goodput_confidence(), Confidence::kMedium);
  for (int i = 0; i < 3; ++i) search.end_interval(second_of(50, milliseconds(20)));
  EXPECT_EQ(search.stage(), Stage::kDone);
  EXPECT_EQ(search.rpm_confidence(), Confidence::kLow);
}

TEST(ResponsivenessSearch, RpmThatNeverSettlesIsMedium) {
  ResponsivenessSearch search({});
  for (int i = 0; i < 4; ++i) search.end_interval(second_of(50, milliseconds(20)));
  // Delays that double from second to second keep the moving figure moving.
  for (int i = 0; search.stage() != Stage::kDone; ++i) search.end_interval(second_of(50, milliseconds(20 << i)));
  EXPECT_EQ(search.intervals(), 14U);
  EXPECT_EQ(search.rpm_confidence(), Confidence::kMedium);
}

TEST(ResponsivenessSearch, NeverMoreFlowsThanAllowed) {
  SearchOptions options;
  options.most_flows = 5;
  options.more_flows = 2;
  ResponsivenessSearch search(options);
  for (int i = 0; i < 8; ++i) search.end_interval(second_of(i % 2 == 0 ? 1 : 100 << i, milliseconds(20)));
  EXPECT_EQ(search.flows(), 5U);
}

TEST(ResponsivenessSearch, ProbesTakeTheirShareAtMost) {
  ResponsivenessSearch search({});
  EXPECT_DOUBLE_EQ(search.probes_per_second(), 20);
  search.end_interval(second_of(9.6, milliseconds(20)));
  // 5 % of 1.2 MB/s are 60 kB/s: ten pairs of 6 kB.
  EXPECT_NEAR(search.probes_per_second(), 20, 0.01);
  ResponsivenessSearch fast({});
  fast.end_interval(second_of(1000, milliseconds(20)));
  EXPECT_DOUBLE_EQ(fast.probes_per_second(), 100);
  ResponsivenessSearch slow({});
  slow.end_interval(second_of(0.1, milliseconds(20)));
  EXPECT_DOUBLE_EQ(slow.probes_per_second(), 2);
}

TEST(ResponsivenessSearch, BothDirectionsCountTogether) {
  ResponsivenessSearch search({});
  auto interval = second_of(30, milliseconds(10));
  interval.bytes_up = interval.bytes_down / 3;
  search.end_interval(interval);
  EXPECT_EQ(search.goodput_down().value, 30'000'000U);
  EXPECT_EQ(search.goodput_up().value, 10'000'000U);
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
