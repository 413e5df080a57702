#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lab/geography.h"
#include "lab/region.h"

namespace gnomon::lab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr const char* kSmall = R"(name: small
routing: {ecmp: true, tolerance: 5us, rerouting: {after: 3s}}
link_kinds:
  slow: {delay: 20ms, loss: 1%, forward: {rate: 10M}, backward: {rate: 2M}}
sites:
  - {id: a, name: {en: Alpha, zh: 甲}, kind: router, at: [23.129, 113.264]}
  - {id: b, name: Beta, kind: city, at: [22.543, 114.058], access: [fixed, 5g]}
links:
  - {between: [a, b], kind: slow, mtu: 1400, backward: {ipv6_loss: 4%}}
  - {id: second, between: [a, b], cost: 9ms, fault: On purpose}
)";

TEST(RegionParser, ReadsSitesLinksAndKinds) {
  const auto region = parse_region(kSmall, "small.yaml");
  ASSERT_TRUE(region.has_value()) << region.error().message();
  EXPECT_TRUE(region->routing.ecmp);
  EXPECT_EQ(region->routing.rerouting_after, std::chrono::seconds(3));
  ASSERT_EQ(region->sites.size(), 2U);
  EXPECT_EQ(region->sites[0].name_zh, "甲");
  EXPECT_TRUE(region->sites[0].transit);
  EXPECT_FALSE(region->sites[0].measures);
  EXPECT_EQ(region->sites[1].access, (std::vector<std::string>{"fixed", "5g"}));
  ASSERT_EQ(region->links.size(), 2U);
  const Link& link = region->links[0];
  EXPECT_EQ(link.id, "a--b");
  EXPECT_EQ(link.forward.delay, milliseconds(20));
  EXPECT_EQ(link.forward.rate, 10'000'000U);
  EXPECT_EQ(link.backward.rate, 2'000'000U);
  EXPECT_EQ(link.forward.ipv6_loss, 0);
  EXPECT_EQ(link.backward.ipv6_loss, 0.04);
  EXPECT_EQ(link.backward.mtu, 1400U);
  EXPECT_EQ(region->links[1].cost, milliseconds(9));
  EXPECT_EQ(region->links[1].fault, "On purpose");
  // No delay given: 103.9 km of great circle between the two, 1.5 times as long in fibre, at 200 km/ms.
  EXPECT_NEAR(great_circle_km(23.129, 113.264, 22.543, 114.058), 104.2, 0.3);
  EXPECT_NEAR(static_cast<double>(region->links[1].forward.delay.count()), 782e3, 2e3);
}

// Where the last occurrence of `token` begins: "r.yaml:LINE:COLUMN".
std::string place_of(const std::string& yaml, const std::string& token) {
  const std::size_t at = yaml.rfind(token);
  const auto line = 1 + std::count(yaml.begin(), yaml.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const std::size_t line_start = at == 0 ? 0 : yaml.rfind('\n', at - 1) + 1;  // npos + 1 is 0: the first line.
  return "r.yaml:" + std::to_string(line) + ":" + std::to_string(at - line_start + 1);
}

struct Bad {
  std::string yaml;
  const char* token;  // The fault is said to be where this stands last.
  const char* message;
};

void expect_fault(const Bad& bad) {
  const auto region = parse_region(bad.yaml, "r.yaml");
  ASSERT_FALSE(region.has_value()) << bad.yaml;
  EXPECT_EQ(region.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(region.error().subject, place_of(bad.yaml, bad.token)) << bad.yaml << region.error().message();
  EXPECT_THAT(region.error().message(), HasSubstr(bad.message)) << bad.yaml;
}

TEST(RegionParser, SaysWhereAndWhatIsWrong) {
  const std::string site = "name: x\nsites:\n  - {id: a, name: A, ";
  expect_fault({"nam: x\n", "nam", "did you mean name?"});
  expect_fault({"name: x\n", "name", "lacks 'sites'"});
  expect_fault({"name: x\nsites: []\nlinks: []\n", "[]\nlinks", "at least one"});
  expect_fault({"- 1\n", "- 1", "must be a mapping"});
  expect_fault({"name: x\nname: y\n", "name", "stands twice"});
  expect_fault({"name: Bad Name\nsites: []\n", "Bad", "no name"});
  expect_fault({site + "kind: citty, at: [0, 0]}\n", "citty", "did you mean city?"});
  expect_fault({site + "kind: city, at: [95, 0]}\n", "95", "from -90 to 90"});
  expect_fault({site + "kind: city, at: [0]}\n", "[0]", "[latitude, longitude]"});
  const std::string links =
      site + "kind: router, at: [0, 0]}\n  - {id: b, name: B, kind: city, at: [0, 1]}\nlinks:\n  - {between: [a, ";
  expect_fault({links + "c]}\n", "c]}", "there is no site 'c'"});
  expect_fault({links + "a]}\n", "[a, a]", "two different sites"});
  expect_fault({links + "b], dely: 4ms}\n", "dely", "did you mean delay?"});
  expect_fault({links + "b], delay: 4}\n", "4}", "duration"});
  expect_fault({links + "b], loss: 200%}\n", "200%", "share"});
  expect_fault({links + "b], kind: core}\n", "core", "no link kind 'core'"});
  expect_fault({links + "b]}\n  - {between: [a, b]}\n", "[a, b]", "stands twice"});
  expect_fault({links + "b], forward: {loss: [1]}}\n", "[1]", "one value"});
  EXPECT_THAT(parse_region("name: [x\n", "r.yaml").error().subject, HasSubstr("r.yaml:"));
  EXPECT_EQ(parse_region("", "r.yaml").error().reason, "the region must be a mapping");
}

TEST(RegionParser, RefusesASiteThatNobodyReaches) {
  const auto region = parse_region(
      "name: x\nsites:\n  - {id: a, name: A, kind: city, at: [0, 0]}\n  - {id: b, name: B, kind: city, at: [0, 1]}\n"
      "  - {id: c, name: C, kind: city, at: [0, 2]}\nlinks:\n  - {between: [a, b]}\n  - {between: [b, c]}\n",
      "r.yaml");
  ASSERT_FALSE(region.has_value());  // b has no transit.
  EXPECT_EQ(region.error().subject, "r.yaml:5:5");
}

TEST(RegionParser, TakesHostileInputWithoutHarm) {
  EXPECT_FALSE(parse_region(std::string(2 << 20, 'a'), "big").has_value());
  EXPECT_FALSE(parse_region(std::string(5000, '['), "deep").has_value());
  EXPECT_FALSE(parse_region("a: &a [*a, *a]\n", "loop").has_value());
}

TEST(BundledRegion, DeltaIsWhatTheGuideSays) {
  const auto region = load_region("delta");
  ASSERT_TRUE(region.has_value()) << region.error().message();
  std::size_t measuring = 0;
  std::size_t faults = 0;
  bool fixed = false, mobile = false;
  for (const Site& site : region->sites) {
    measuring += site.measures;
    EXPECT_NE(site.name_zh, site.name_en) << site.id;
    EXPECT_TRUE(site.latitude > 21.5 && site.latitude < 24.5 && site.longitude > 112 && site.longitude < 115)
        << site.id;
    fixed |= site.access == std::vector<std::string>{"fixed"};
    mobile |= site.access == std::vector<std::string>{"5g"};
  }
  for (const Link& link : region->links) faults += !link.fault.empty();
  EXPECT_EQ(measuring, 20U);
  EXPECT_LE(region->sites.size(), 30U);
  EXPECT_EQ(faults, 1U);
  EXPECT_TRUE(fixed && mobile);
  EXPECT_THAT(region->title_en, HasSubstr("Lab"));
}

TEST(BundledRegion, AWrongNameGetsTheNearest) {
  EXPECT_EQ(load_region("delt").error().advice, "did you mean delta?");
  EXPECT_EQ(load_region("./no-such.yaml").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace gnomon::lab
