#include "server/path_words.h"

#include <gtest/gtest.h>

namespace gnomon::server {
namespace {

PathIdentity stamp_path() {
  PathIdentity path;
  path.id = PathId{1};
  path.source_site = "gz";
  path.access = "5g";
  path.target = "dc1";
  path.target_site = "dc1";
  path.plan_item = "mesh-stamp";
  path.method = "stamp";
  path.family = 6;
  path.address = "fd00:2::1";
  path.interval_ms = 500;
  path.payload_bytes = 56;
  path.port = 862;
  return path;
}

PathView view_of(PathIdentity identity, PathState state = PathState::kGood) {
  PathView view;
  view.identity = std::make_shared<const PathIdentity>(std::move(identity));
  view.state = state;
  return view;
}

TEST(MeasureByHand, IsTheSameMeasurement) {
  PathIdentity path = stamp_path();
  EXPECT_EQ(measure_by_hand(path, "gnomon lab exec gz -- "),
            "gnomon lab exec gz -- gnomon ping fd00:2::1 --stamp -i 0.5");
  path.port = 8620;
  path.dscp = 46;
  path.payload_bytes = 1200;
  path.interval_ms = 1000;
  EXPECT_EQ(measure_by_hand(path, ""), "gnomon ping fd00:2::1 --stamp=8620 -s 1200 --dscp 46");
  path.method = "echo";
  path.address = "";
  path.target = "it's; rm -rf";
  EXPECT_EQ(measure_by_hand(path, ""), "gnomon ping 'it'\\''s; rm -rf' -6 -s 1200 --dscp 46");
}

TEST(ReverseOf, FindsTheWayBackOfTheSameAccess) {
  PathIdentity back = stamp_path();
  back.id = PathId{2};
  std::swap(back.source_site, back.target_site);
  back.access = "";
  back.target = "gz-fixed";
  PathIdentity right = back;
  right.id = PathId{3};
  right.target = "gz-5g";
  PathIdentity other_family = right;
  other_family.id = PathId{4};
  other_family.family = 4;
  const std::vector<PathView> all = {view_of(back), view_of(right), view_of(other_family), view_of(stamp_path())};
  EXPECT_EQ(reverse_of(stamp_path(), all), PathId{3});
  EXPECT_EQ(reverse_of(stamp_path(), std::vector{view_of(stamp_path())}), std::nullopt);
}

TEST(Matches, AllWordsInAnyOrder) {
  const PathView path = view_of(stamp_path());
  PathFilter filter;
  filter.words = "DC1 gz-5g ipv6";
  EXPECT_TRUE(matches(path, filter));
  filter.words = "dc1 sz";
  EXPECT_FALSE(matches(path, filter));
  filter.words = "0000000000000001";
  EXPECT_TRUE(matches(path, filter));
  filter.site = "dc1";
  EXPECT_TRUE(matches(path, filter));
  filter.site = "sz";
  EXPECT_FALSE(matches(path, filter));
}

TEST(ShownBefore, TheWorstComesFirst) {
  const PathView good = view_of(stamp_path());
  const PathView broken = view_of(stamp_path(), PathState::kBroken);
  EXPECT_TRUE(shown_before(broken, good));
  EXPECT_FALSE(shown_before(good, broken));
}

}  // namespace
}  // namespace gnomon::server
