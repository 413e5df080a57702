#include "probe/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace gnomon::probe {
namespace {

using testing::HasSubstr;

constexpr std::string_view kGood = R"(
name: lab
sites: [a, b, c]
targets:
  a: {addresses: [192.0.2.1, "2001:DB8::1"], site: a}
  b: {host: b.example.net, site: b, port: 8620}
  c: {addresses: 192.0.2.3, site: c}
groups:
  all-of-them: [a, b, c]
defaults: {interval: 500ms, dscp: AF41}
measurements:
  - {name: m, mesh: all-of-them}
  - {name: s, star: {hub: a, leaves: [b, c]}, method: stamp, ssid: 7, stateful: true, family: 6}
  - {name: p, from: all, to: b, interval: 2s, window: 1m, payload: 1000, timeout: 1.5s}
limits: {per_target: 50, fleet_per_target: 300}
)";

TEST(Plan, ReadsEveryWord) {
  const PlanReading reading = parse_plan(kGood);
  ASSERT_TRUE(reading.plan.has_value()) << describe(reading.faults, "plan");
  const Plan& plan = *reading.plan;
  EXPECT_EQ(plan.name, "lab");
  EXPECT_EQ(plan.targets.at("a").addresses, (std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
  EXPECT_EQ(plan.targets.at("b").host, "b.example.net");
  EXPECT_EQ(plan.targets.at("b").port.value, 8620);
  ASSERT_EQ(plan.measurements.size(), 3U);
  const Measurement& mesh = plan.measurements[0];
  EXPECT_EQ(mesh.shape, Shape::kMesh);
  EXPECT_EQ(mesh.targets, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(mesh.options.interval, std::chrono::milliseconds(500));
  EXPECT_EQ(mesh.options.dscp.value, 34);
  EXPECT_EQ(mesh.options.payload_bytes, 56U);
  const Measurement& star = plan.measurements[1];
  EXPECT_EQ(star.sources, std::vector<std::string>{"a"});
  EXPECT_EQ(star.options.method, Method::kStamp);
  EXPECT_EQ(star.options.payload_bytes, 44U);
  EXPECT_EQ(star.options.ssid, 7);
  EXPECT_TRUE(star.options.stateful);
  EXPECT_FALSE(mesh.options.stateful);
  EXPECT_EQ(star.options.family, FamilyChoice::kIpv6);
  const Measurement& pairs = plan.measurements[2];
  EXPECT_TRUE(pairs.all_sources);
  EXPECT_EQ(pairs.options.timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(pairs.options.window, std::chrono::minutes(1));
  EXPECT_EQ(plan.limits.per_target, 50);
}

TEST(Plan, RevisionIsOfTheMeaning) {
  const Plan plan = *parse_plan(kGood).plan;
  const std::string commented = "# a comment\n" + std::string(kGood);
  EXPECT_EQ(revision(*parse_plan(commented).plan), revision(plan));
  Plan other = plan;
  other.measurements[0].options.dscp.value = 0;
  EXPECT_NE(revision(other), revision(plan));
  other = plan;
  other.targets.at("a").site = "c";
  EXPECT_NE(revision(other), revision(plan));
  EXPECT_EQ(revision(plan).size(), 16U);
}

struct BadPlan {
  const char* what;
  const char* text;
  std::size_t line;
  std::size_t column;
  const char* says;
};

constexpr const char* kHead = "targets:\n  a: {addresses: 192.0.2.1}\n  b: {addresses: 192.0.2.2}\nmeasurements:\n";

class BadPlans : public testing::TestWithParam<BadPlan> {};

TEST_P(BadPlans, AreNamedByPlace) {
  const BadPlan& bad = GetParam();
  const std::string text = bad.text[0] == '-' ? kHead + std::string("  ") + bad.text : bad.text;
  const PlanReading reading = parse_plan(text);
  ASSERT_FALSE(reading.plan.has_value());
  ASSERT_FALSE(reading.faults.empty());
  const std::string expected = fmt::format("plan:{}:{}: ", bad.line, bad.column);
  const bool named = std::ranges::any_of(reading.faults, [&](const PlanFault& fault) {
    return fault.line == bad.line && fault.column == bad.column && fault.message.find(bad.says) != std::string::npos;
  });
  EXPECT_TRUE(named) << "wanted " << expected << bad.says << "\n" << describe(reading.faults, "plan");
}

INSTANTIATE_TEST_SUITE_P(
    Plan, BadPlans,
    testing::Values(
        BadPlan{"empty", "", 1, 1, "must be a mapping"}, BadPlan{"scalar", "hello", 1, 1, "not a single value"},
        BadPlan{"not_yaml", "a: [1, 2", 1, 1, "not YAML"}, BadPlan{"tabs", "a:\n\tb: 1", 2, 3, "not YAML"},
        BadPlan{"top_key", "targts: {}", 1, 1, "did you mean `targets`?"},
        BadPlan{"no_targets", "measurements: [{name: m, from: all, to: a}]", 1, 1, "no `targets`"},
        BadPlan{"targets_list", "targets: [a]\nmeasurements: []", 1, 10, "targets must be a mapping"},
        BadPlan{"address", "targets:\n  a: {addresses: [192.0.2.400]}", 2, 19, "not an IPv4 or IPv6 address"},
        BadPlan{"name_as_address", "targets:\n  a: {addresses: example.org}", 2, 18, "write `host: example.org`"},
        BadPlan{"address_as_name", "targets:\n  a: {host: 192.0.2.1}", 2, 13, "write `addresses: [192.0.2.1]`"},
        BadPlan{"multicast", "targets:\n  a: {addresses: 224.0.0.1}", 2, 18, "is a multicast address"},
        BadPlan{"multicast6", "targets:\n  a: {addresses: \"ff02::1\"}", 2, 18, "is a multicast address"},
        BadPlan{"broadcast", "targets:\n  a: {addresses: 255.255.255.255}", 2, 18, "is the broadcast address"},
        BadPlan{"unspecified", "targets:\n  a: {addresses: 0.0.0.0}", 2, 18, "this network"},
        BadPlan{"link_local", "targets:\n  a: {addresses: \"fe80::1\"}", 2, 18, "link-local"},
        BadPlan{"mapped", "targets:\n  a: {addresses: \"::ffff:192.0.2.1\"}", 2, 18, "write it as IPv4"},
        BadPlan{"two_of_family", "targets:\n  a: {addresses: [192.0.2.1, 192.0.2.2]}", 2, 30, "a second IPv4 address"},
        BadPlan{"neither", "targets:\n  a: {site: x}", 2, 3, "either `addresses` or `host`"},
        BadPlan{"bad_name", "targets:\n  a b: {host: x.y}", 2, 3, "cannot be a target's name"},
        BadPlan{"target_key", "targets:\n  a: {addrs: 192.0.2.1}", 2, 7, "unknown key `addrs`"},
        BadPlan{"site", "sites: [here]\ntargets:\n  a: {addresses: 192.0.2.1, site: hree}", 3, 35,
                "did you mean `here`?"},
        BadPlan{"port", "targets:\n  a: {addresses: 192.0.2.1, port: 70000}", 2, 35, "from 1 to 65535"},
        BadPlan{"doubled_key", "name: x\nname: y", 2, 1, "given twice"},
        BadPlan{"doubled_target", "targets:\n  a: {host: x.y}\n  a: {host: x.y}", 3, 3, "given twice"},
        BadPlan{"group", "targets:\n  a: {host: x.y}\ngroups:\n  g: [b]", 4, 7, "group `g` names `b`"},
        BadPlan{"unnamed", "- {from: all, to: a}", 5, 5, "measurement 1 needs a `name`"},
        BadPlan{"no_shape", "- {name: m}", 5, 5, "exactly one of"},
        BadPlan{"two_shapes", "- {name: m, mesh: [a, b], from: all, to: a}", 5, 5, "exactly one of"},
        BadPlan{"no_from", "- {name: m, to: a}", 5, 19, "`from` is missing beside `to`"},
        BadPlan{"unknown_target", "- {name: m, from: all, to: [a, zz]}", 5, 34, "names `zz`"},
        BadPlan{"unknown_source", "- {name: m, from: al, to: a}", 5, 21, "did you mean `a`?"},
        BadPlan{"small_mesh", "- {name: m, mesh: a}", 5, 21, "at least two"},
        BadPlan{"star", "- {name: m, star: {hub: a}}", 5, 21, "both `hub` and `leaves`"},
        BadPlan{"option", "- {name: m, from: all, to: a, intervall: 1s}", 5, 33, "did you mean `interval`?"},
        BadPlan{"method", "- {name: m, from: all, to: a, method: ping}", 5, 41, "allowed: echo, stamp"},
        BadPlan{"family", "- {name: m, from: all, to: a, family: 5}", 5, 41, "no family"},
        BadPlan{"no_unit", "- {name: m, from: all, to: a, interval: 5}", 5, 43, "write `5s` or `5ms`"},
        BadPlan{"too_fast", "- {name: m, from: all, to: a, interval: 10us}", 5, 43, "from `1ms` to `3600s`"},
        BadPlan{"window", "- {name: m, from: all, to: a, interval: 20s}", 5, 43, "longer than window"},
        BadPlan{"dscp", "- {name: m, from: all, to: a, dscp: 64}", 5, 39, "0 to 63"},
        BadPlan{"stateful_of_stamp", "- {name: m, from: all, to: a, stateful: true}", 5, 43, "belongs to method stamp"},
        BadPlan{"stateful", "- {name: m, from: all, to: a, method: stamp, stateful: maybe}", 5, 58,
                "must be true or false, not `maybe`"},
        BadPlan{"stamp_only", "- {name: m, from: all, to: a, port: 862}", 5, 39, "belongs to method stamp"},
        BadPlan{"stamp_payload", "- {name: m, from: all, to: a, method: stamp, payload: 10}", 5, 57, "from 44"},
        BadPlan{"limit", "targets:\n  a: {host: x.y}\nlimits: {per_target: fast}", 3, 22, "packets per second"}),
    [](const auto& param) { return std::string(param.param.what); });

TEST(Plan, ListsAllFaultsUpToTwentyInOrder) {
  std::string text = "targets:\n";
  for (int i = 0; i < 30; ++i) text += fmt::format("  t{}: {{hots: x}}\n", i);
  const PlanReading reading = parse_plan(text);
  EXPECT_EQ(reading.faults.size(), kPlanFaultLimit);
  for (std::size_t i = 1; i < reading.faults.size(); ++i) {
    EXPECT_LE(reading.faults[i - 1].line, reading.faults[i].line);
  }
}

TEST(Plan, RefusesHugeAndDeepText) {
  EXPECT_FALSE(parse_plan(std::string(kPlanTextLimit + 1, ' ')).plan.has_value());
  EXPECT_FALSE(parse_plan(std::string(100'000, '[')).plan.has_value());
}

TEST(Plan, LoadNamesFileLineAndColumn) {
  const std::string file = testing::TempDir() + "/bad-plan.yaml";
  std::ofstream(file) << "targets:\n  a: {host: x.y}\nmesurements: []\n";
  const auto plan = load_plan(file);
  ASSERT_FALSE(plan.has_value());
  EXPECT_THAT(plan.error().message(), HasSubstr(file + ":3:1: unknown key `mesurements`"));
  EXPECT_EQ(load_plan("/nowhere/plan.yaml").error().code, ErrorCode::kNotFound);
}

TEST(Plan, BundledExamplesAreGood) {
  for (const char* name : {"two-sites", "internet", "factory"}) {
    const auto plan = load_plan(fmt::format("{}/plans/{}.yaml", GNOMON_SOURCE_DIR, name));
    EXPECT_TRUE(plan.has_value()) << plan.error().message();
  }
}

TEST(Plan, MeshPlanOfARegion) {
  const Plan plan = make_mesh_plan({{"gz", "fixed", {"192.0.2.1", "2001:db8::1"}, true},
                                    {"gz", "5g", {"192.0.2.2", "2001:db8::2"}, true},
                                    {"ix", "", {"192.0.2.3", "2001:db8::3"}, false}});
  EXPECT_EQ(plan.sites, (std::vector<std::string>{"gz", "ix"}));
  ASSERT_EQ(plan.measurements.size(), 2U);
  EXPECT_EQ(plan.measurements[0].targets, (std::vector<std::string>{"gz-fixed", "gz-5g", "ix"}));
  EXPECT_EQ(plan.measurements[1].sources, (std::vector<std::string>{"gz-fixed", "gz-5g"}));
  EXPECT_EQ(plan.measurements[1].options.payload_bytes, 44U);
}

}  // namespace
}  // namespace gnomon::probe
