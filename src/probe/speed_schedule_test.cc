#include "probe/speed_schedule.h"

#include <gtest/gtest.h>

#include <map>

namespace gnomon::probe {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'795'694'400)};

Plan plan_of(std::string_view text) {
  const PlanReading reading = parse_plan(text);
  EXPECT_TRUE(reading.plan) << describe(reading.faults, "plan");
  return reading.plan.value_or(Plan{});
}

constexpr std::string_view kTargets = R"(
targets:
  north: {addresses: [192.0.2.1, "2001:db8:1::1"], site: north}
  south: {addresses: [192.0.2.2, "2001:db8:2::1"], site: south}
  west: {addresses: 192.0.2.3, site: west}
  dc: {host: dc.example.org}
)";

Plan pairs() {
  return plan_of(std::string(kTargets) +
                 "speed: [{name: access, from: all, to: dc, every: 6h, streams: 4, time: 8s}]\n");
}

TEST(SpeedSchedule, EachPairHasItsOwnMomentWithinThePeriod) {
  const Plan plan = pairs();
  std::map<std::int64_t, int> starts;
  for (const char* name : {"a", "b", "c", "d"}) {
    const auto test = next_test(plan, {name, "", ""}, kNow);
    ASSERT_TRUE(test);
    EXPECT_GE(test->start, kNow);
    EXPECT_LT(test->start - kNow, hours(6));
    EXPECT_EQ(test->target, "dc");
    EXPECT_EQ(test->host, "dc.example.org");
    EXPECT_EQ(test->streams, 4U);
    EXPECT_EQ(test->most, seconds(8));
    ++starts[test->start.since_epoch.count()];
    // The next one is a period later, over the other family.
    const auto later = next_test(plan, {name, "", ""}, test->start + Nanoseconds(1));
    ASSERT_TRUE(later);
    EXPECT_EQ(later->start - test->start, hours(6));
    EXPECT_NE(later->family, test->family);
    // Asked at the moment itself, it is that moment.
    EXPECT_EQ(next_test(plan, {name, "", ""}, test->start), test);
  }
  EXPECT_EQ(starts.size(), 4U);
}

TEST(SpeedSchedule, NobodyTestsItselfAndOnlyTheNamedTest) {
  const Plan plan =
      plan_of(std::string(kTargets) + "speed: [{name: access, from: [north, west], to: west, family: 4}]\n");
  EXPECT_TRUE(next_test(plan, {"p1", "north", ""}, kNow));
  EXPECT_FALSE(next_test(plan, {"p2", "south", ""}, kNow));
  EXPECT_FALSE(next_test(plan, {"p3", "west", ""}, kNow));
}

TEST(SpeedSchedule, OnlyProbesOfTheNamedAccessTest) {
  const Plan plan = plan_of(std::string(kTargets) + "speed: [{name: access, from: all, to: dc, access: 5g}]\n");
  EXPECT_TRUE(next_test(plan, {"p1", "north", "5g"}, kNow));
  EXPECT_FALSE(next_test(plan, {"p1", "north", "fixed"}, kNow));
}

TEST(SpeedSchedule, InAMeshNobodyIsInTwoTestsAndEveryPairIsTestedByOne) {
  const Plan plan =
      plan_of(std::string(kTargets) + "speed: [{name: mesh, mesh: [north, south, west], every: 30s, time: 5s}]\n");
  std::map<std::int64_t, std::vector<std::string>> busy;
  std::map<std::string, int> pairs_tested;
  for (const char* site : {"north", "south", "west"}) {
    WallTime from = kNow;
    for (int i = 0; i < 8; ++i) {
      const auto test = next_test(plan, {std::string("p-") + site, site, ""}, from);
      ASSERT_TRUE(test);
      if (test->start - kNow > seconds(30 * 6)) break;  // two tournaments
      EXPECT_GE(test->latest, test->start);
      EXPECT_LE(test->end - test->start, seconds(26));
      auto& at = busy[test->start.since_epoch.count()];
      for (const std::string& who : {std::string(site), test->target}) {
        EXPECT_EQ(std::ranges::count(at, who), 0) << who;
        at.push_back(who);
      }
      ++pairs_tested[std::min<std::string>(site, test->target) + "-" + std::max<std::string>(site, test->target)];
      from = test->start + Nanoseconds(1);
    }
  }
  EXPECT_EQ(pairs_tested.size(), 3U);
  for (const auto& [pair, tests] : pairs_tested) EXPECT_EQ(tests, 2) << pair;
}

TEST(SpeedSchedule, APlanWithoutTestsHasNone) {
  const Plan plan = plan_of(std::string(kTargets) + "measurements: [{name: ping, from: all, to: dc}]\n");
  EXPECT_FALSE(next_test(plan, {"p", "north", ""}, kNow));
}

std::string faults_of(std::string_view speed) {
  return describe(parse_plan(std::string(kTargets) + std::string(speed)).faults, "p");
}

TEST(SpeedPlan, FaultsSayWhatAndWhere) {
  EXPECT_EQ(faults_of("speed: [{name: a, mesh: [north, south], every: 20s, time: 10s}]\n"),
            "p:7:48: `every` is 20s, too short for a test of 10s each way in a mesh; give at least 30s");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all}]\n"),
            "p:7:9: speed test `a` must say who tests whom by either `mesh`, or `from` and `to`");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, streams: 65}]\n").substr(0, 14), "p:7:47: stream");
  EXPECT_NE(faults_of("speed: [{name: a, from: all, to: dc, evry: 1h}]\n").find("did you mean `every`"),
            std::string::npos);
  EXPECT_NE(
      faults_of("speed: [{name: a, from: all, to: dc}, {name: a, from: all, to: dc}]\n").find("names must differ"),
      std::string::npos);
  EXPECT_EQ(faults_of("limits: {data_per_month: lots}\nspeed: [{name: a, from: all, to: dc}]\n"),
            "p:7:26: data_per_month must be a number and B, kB, MB, GB or TB, such as 50GB, not `lots`");
}

TEST(SpeedPlan, EachMethodHasItsUsualTerms) {
  const Plan plan = plan_of(std::string(kTargets) +
                            "speed:\n"
                            "  - {name: t, from: all, to: dc}\n"
                            "  - {name: u, from: all, to: dc, method: udp, search: C, time: 5s}\n"
                            "  - {name: n, from: all, to: dc, method: ndt7}\n"
                            "  - {name: m, from: all, to: dc, method: ndt7, tls: verified}\n"
                            "  - {name: r, from: all, to: dc, method: responsiveness, tls: unverified, port: 4443}\n");
  ASSERT_EQ(plan.speed.size(), 5U);
  EXPECT_EQ(plan.speed[0].method, SpeedMethod::kTcp);
  EXPECT_EQ(plan.speed[1].method, SpeedMethod::kUdp);
  EXPECT_EQ(plan.speed[1].search, RateSearch::kC);
  EXPECT_EQ(plan.speed[1].most, seconds(5));
  EXPECT_EQ(plan.speed[1].port, Port{24601});
  EXPECT_EQ(plan.speed[2].tls, TlsUse::kNone);
  EXPECT_EQ(plan.speed[2].port, Port{8780});
  EXPECT_EQ(plan.speed[3].port, Port{443});
  EXPECT_EQ(plan.speed[4].tls, TlsUse::kUnverified);
  EXPECT_EQ(plan.speed[4].port, Port{4443});
  EXPECT_EQ(plan.speed[4].most, seconds(20));
  const auto due = next_test(plan, {"p", "north", ""}, kNow);
  ASSERT_TRUE(due);
  EXPECT_LE(due->start - kNow, seconds(6 * 3600));
}

TEST(SpeedPlan, WordsOfOtherMethodsAreFaults) {
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, method: udp, streams: 4}]\n"),
            "p:7:60: `streams` belongs to method tcp, not udp");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, method: ndt7, time: 5s}]\n"),
            "p:7:58: `time` belongs to method tcp, udp or responsiveness, not ndt7");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, search: C}]\n"),
            "p:7:46: `search` belongs to method udp, not tcp");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, method: udp, tls: none}]\n"),
            "p:7:56: `tls` belongs to method ndt7 or responsiveness, not udp");
  EXPECT_EQ(faults_of("speed: [{name: a, from: all, to: dc, method: udp, time: 5500ms}]\n"),
            "p:7:57: time of method udp is in whole seconds (RFC 9946)");
  EXPECT_NE(faults_of("speed: [{name: a, from: all, to: dc, method: upd}]\n").find("did you mean `udp`"),
            std::string::npos);
  // A mesh's slot holds what the method needs: three loads of 20 s.
  EXPECT_NE(faults_of("speed: [{name: a, mesh: [north, south], every: 60s, method: responsiveness}]\n")
                .find("give at least 85s"),
            std::string::npos);
}

TEST(SpeedPlan, IsPartOfThePlansRevision) {
  const Plan plan = pairs();
  Plan other = plan;
  other.speed[0].streams = 5;
  EXPECT_NE(revision(plan), revision(other));
  other = plan;
  other.speed[0].method = SpeedMethod::kUdp;
  EXPECT_NE(revision(plan), revision(other));
  other = plan;
  other.limits.data_per_month = ByteCount{1};
  EXPECT_NE(revision(plan), revision(other));
}

TEST(SpeedPlan, BytesAreReadWithTheirUnits) {
  const Plan plan =
      plan_of(std::string(kTargets) + "limits: {data_per_month: 1.5 GB}\nspeed: [{name: a, from: all, to: dc}]\n");
  EXPECT_EQ(plan.limits.data_per_month, ByteCount{1'500'000'000});
}

}  // namespace
}  // namespace gnomon::probe
