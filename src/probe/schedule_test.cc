#include "probe/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace gnomon::probe {
namespace {

Plan plan_of(const std::string& measurements, const std::string& limits = "") {
  const std::string text = R"(
sites: [a, b, c]
targets:
  ta: {addresses: [192.0.2.1, "2001:db8::1"], site: a}
  tb: {addresses: [192.0.2.2, "2001:db8::2"], site: b}
  tc: {addresses: 192.0.2.3, site: c}
  name: {host: host.example}
  fast: {addresses: 192.0.2.9, site: b, access: 5g}
groups: {three: [ta, tb, tc]}
measurements:
)" + measurements + limits;
  PlanReading reading = parse_plan(text);
  EXPECT_TRUE(reading.plan.has_value()) << describe(reading.faults, "plan");
  return reading.plan.value_or(Plan{});
}

std::set<std::string> measured(const Plan& plan, const Place& place) {
  std::set<std::string> names;
  for (const PlannedPath& path : paths_of(plan, place)) {
    names.insert(fmt::format("{}/{}", path.target, static_cast<int>(path.family)));
  }
  return names;
}

using Names = std::set<std::string>;

TEST(Schedule, MeshMeasuresEveryOtherSite) {
  const Plan plan = plan_of("  - {name: m, mesh: three}\n");
  EXPECT_EQ(measured(plan, {"p", "a", ""}), (Names{"tb/4", "tb/6", "tc/4"}));
  EXPECT_EQ(measured(plan, {"p", "c", ""}), (Names{"ta/4", "ta/6", "tb/4", "tb/6"}));
  EXPECT_EQ(measured(plan, {"tb", "", ""}), (Names{"ta/4", "ta/6", "tc/4"}));  // a probe may be named as the target
  EXPECT_EQ(measured(plan, {"p", "elsewhere", ""}), Names{});
}

TEST(Schedule, StarMeasuresBothWays) {
  const Plan plan = plan_of("  - {name: m, star: {hub: ta, leaves: [tb, tc]}, family: 4}\n");
  EXPECT_EQ(measured(plan, {"p", "a", ""}), (Names{"tb/4", "tc/4"}));
  EXPECT_EQ(measured(plan, {"p", "b", ""}), (Names{"ta/4"}));
}

TEST(Schedule, PairsMayMeasureTheirOwnSite) {
  const Plan plan = plan_of("  - {name: m, from: [a, tc], to: [ta, name]}\n");
  EXPECT_EQ(measured(plan, {"p", "a", ""}), (Names{"ta/4", "ta/6", "name/4", "name/6"}));
  EXPECT_EQ(measured(plan, {"p", "c", ""}), (Names{"ta/4", "ta/6", "name/4", "name/6"}));
  EXPECT_EQ(measured(plan, {"p", "b", ""}), Names{});
}

TEST(Schedule, AccessChooses) {
  const Plan plan =
      plan_of("  - {name: m, from: all, to: ta, access: 5g, family: 4}\n  - {name: n, from: fast, to: tc}\n");
  EXPECT_EQ(measured(plan, {"p", "b", "5g"}), (Names{"ta/4", "tc/4"}));
  EXPECT_EQ(measured(plan, {"p", "b", "fixed"}), Names{});
}

TEST(Schedule, PhasesAreSpreadEvenlyAndStay) {
  constexpr int kProbes = 2000;
  constexpr std::size_t kSlots = 20;
  std::array<int, kSlots> slots{};
  const Plan plan = plan_of("  - {name: m, from: all, to: tc, interval: 1s}\n");
  const PlannedPath path = paths_of(plan, {"p", "a", ""}).front();
  for (int i = 0; i < kProbes; ++i) {
    const std::string probe = fmt::format("probe-{}", i);
    const Nanoseconds phase = phase_of(probe, path);
    ASSERT_GE(phase.count(), 0);
    ASSERT_LT(phase, path.options.interval);
    EXPECT_EQ(phase, phase_of(probe, path));
    ++slots[static_cast<std::size_t>(phase.count()) * kSlots / 1'000'000'000];
  }
  // 100 expected in each; four standard deviations are 39.
  EXPECT_GT(*std::ranges::min_element(slots), 61);
  EXPECT_LT(*std::ranges::max_element(slots), 139);
}

double total_rate(const std::vector<PlannedPath>& paths, const std::string& address) {
  double rate = 0;
  for (const PlannedPath& path : paths) {
    if (path.address == address) rate += 1e9 / static_cast<double>(path.options.interval.count());
  }
  return rate;
}

TEST(Schedule, KeepsTheLimitOverAllItems) {
  const Plan plan = plan_of(
      "  - {name: m, from: all, to: tc, interval: 10ms}\n  - {name: n, from: all, to: tc, interval: 20ms, method: "
      "stamp}\n"
      "  - {name: o, from: all, to: ta, interval: 100ms, family: 4}\n",
      "limits: {per_target: 30, fleet_per_target: 1000}\n");
  std::vector<PlannedPath> paths = paths_of(plan, {"p", "a", ""});
  const auto slowed = keep_limits(plan, paths);
  EXPECT_EQ(slowed, std::vector<std::string>{"192.0.2.3"});
  EXPECT_NEAR(total_rate(paths, "192.0.2.3"), 30, 0.001);
  EXPECT_LE(total_rate(paths, "192.0.2.3"), 30);
  EXPECT_EQ(total_rate(paths, "192.0.2.1"), 10);  // untouched
  // The proportion of the items stays.
  EXPECT_EQ(paths[0].options.interval * 2, paths[1].options.interval);
}

TEST(Schedule, KeepsItsShareOfTheFleetsLimit) {
  const Plan plan = plan_of("  - {name: m, from: [a, b], to: tc, interval: 10ms}\n",
                            "limits: {per_target: 100, fleet_per_target: 50}\n");
  std::vector<PlannedPath> paths = paths_of(plan, {"p", "a", ""});
  keep_limits(plan, paths);
  EXPECT_NEAR(total_rate(paths, "192.0.2.3"), 25, 0.001);  // two sources share 50
}

TEST(Schedule, TwoNamesOfOneAddressShareItsLimit) {
  Plan plan =
      plan_of("  - {name: m, from: all, to: [tc, name], interval: 100ms, family: 4}\n", "limits: {per_target: 10}\n");
  std::vector<PlannedPath> paths = paths_of(plan, {"p", "a", ""});
  ASSERT_EQ(paths.size(), 2U);
  paths[1].address = "192.0.2.3";  // as resolved
  keep_limits(plan, paths);
  EXPECT_NEAR(total_rate(paths, "192.0.2.3"), 10, 0.001);
}

}  // namespace
}  // namespace gnomon::probe
