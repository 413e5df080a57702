#include "lab/routing.h"

#include <gtest/gtest.h>

namespace gnomon::lab {
namespace {

using std::chrono::milliseconds;

// Sites s and t measure; routers in between.
Region diamond(bool ecmp, Nanoseconds tolerance, Nanoseconds upper_cost) {
  Region region;
  region.routing = {.ecmp = ecmp, .tolerance = tolerance, .rerouting_after = {}};
  for (const char* id : {"s", "up", "down", "t"}) {
    const bool router = std::string(id) == "up" || std::string(id) == "down";
    region.sites.push_back(
        {.id = id, .name_en = id, .name_zh = id, .access = {}, .measures = !router, .transit = router});
  }
  const auto link = [&](const char* id, std::size_t a, std::size_t b, Nanoseconds cost) {
    region.links.push_back(
        {.id = id, .a = a, .b = b, .kind = "", .forward = {}, .backward = {}, .cost = cost, .fault = ""});
  };
  link("s-up", 0, 1, upper_cost);
  link("up-t", 1, 3, milliseconds(5));
  link("s-down", 0, 2, milliseconds(5));
  link("down-t", 2, 3, milliseconds(5));
  return region;
}

TEST(Routing, TakesTheShortestPath) {
  const Region region = diamond(true, Nanoseconds{0}, milliseconds(4));
  const RoutingTable routes(region, {});
  EXPECT_EQ(routes.next_hops(0, 3), (std::vector<NextHop>{{0, 1}}));
  EXPECT_EQ(routes.next_hops(3, 0), (std::vector<NextHop>{{1, 1}}));
}

TEST(Routing, SharesEqualCostsOnlyWhereAsked) {
  EXPECT_EQ(RoutingTable(diamond(true, Nanoseconds{0}, milliseconds(5)), {}).next_hops(0, 3).size(), 2U);
  EXPECT_EQ(RoutingTable(diamond(false, Nanoseconds{0}, milliseconds(5)), {}).next_hops(0, 3).size(), 1U);
  EXPECT_EQ(RoutingTable(diamond(true, milliseconds(1), milliseconds(4)), {}).next_hops(0, 3).size(), 2U);
}

TEST(Routing, GoesRoundLinksThatAreOut) {
  const Region region = diamond(false, Nanoseconds{0}, milliseconds(4));
  const RoutingTable routes(region, {true, false, false, false});
  EXPECT_EQ(routes.next_hops(0, 3), (std::vector<NextHop>{{2, 2}}));
  const RoutingTable cut(region, {true, false, true, false});
  EXPECT_FALSE(cut.reaches(0, 3));
  EXPECT_TRUE(cut.reaches(1, 3));
}

TEST(Routing, NeverPassesASiteWithoutTransit) {
  Region region = diamond(false, Nanoseconds{0}, milliseconds(4));
  region.sites[1].transit = false;
  EXPECT_EQ(RoutingTable(region, {}).next_hops(0, 3), (std::vector<NextHop>{{2, 2}}));
  EXPECT_EQ(RoutingTable(region, {}).next_hops(0, 1), (std::vector<NextHop>{{0, 1}}));  // It can be a target.
}

TEST(Routing, CountsWhoLosesAllAndWhoAPart) {
  const Region single = diamond(false, Nanoseconds{0}, milliseconds(4));
  const PairUse all = count_pairs(single, RoutingTable(single, {}), {true, false, false, false});
  EXPECT_EQ(all.pairs, 2U);
  EXPECT_EQ(all.lose_all, 2U);
  ASSERT_EQ(all.losing.size(), 2U);
  EXPECT_EQ(all.losing[0], std::pair(single.sites[0].id, single.sites[3].id));
  EXPECT_EQ(all.losing[1], std::pair(single.sites[3].id, single.sites[0].id));
  const PairUse none = count_pairs(single, RoutingTable(single, {}), {false, false, true, false});
  EXPECT_EQ(none.lose_all + none.lose_part, 0U);
  const Region equal = diamond(true, Nanoseconds{0}, milliseconds(5));
  const PairUse part = count_pairs(equal, RoutingTable(equal, {}), {true, false, false, false});
  EXPECT_EQ(part.lose_all, 0U);
  EXPECT_EQ(part.lose_part, 2U);
  EXPECT_DOUBLE_EQ(RoutingTable(equal, {}).share_over(0, 3, {true, false, false, false}), 0.5);
}

TEST(Routing, IsLoopFreeInTheBundledRegion) {
  const auto region = load_region("delta");
  ASSERT_TRUE(region.has_value());
  const RoutingTable routes(*region, {});
  const std::vector<bool> every_link(region->links.size(), true);
  std::size_t multipath = 0;
  for (std::size_t from = 0; from < region->sites.size(); ++from) {
    for (std::size_t to = 0; to < region->sites.size(); ++to) {
      if (from == to) continue;
      ASSERT_TRUE(routes.reaches(from, to));
      multipath += routes.next_hops(from, to).size() > 1;
      // Any path ends within as many hops as there are sites.
      std::size_t at = from;
      std::size_t hops = 0;
      for (; at != to && hops < region->sites.size(); ++hops) at = routes.next_hops(at, to).back().site;
      ASSERT_EQ(at, to);
    }
  }
  EXPECT_GT(multipath, 0U);
}

}  // namespace
}  // namespace gnomon::lab
