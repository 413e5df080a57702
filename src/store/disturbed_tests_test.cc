#include "store/disturbed_tests.h"

#include <gtest/gtest.h>

namespace gnomon::store {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNoon{std::chrono::hours(500'000)};

AccessRow test(std::uint32_t place, Nanoseconds after_noon, std::chrono::milliseconds duration, LineEnds ends) {
  AccessRow row;
  row.place = place;
  row.site = ends.site;
  row.result.access = ends.access;
  row.result.target_site = ends.target_site;
  row.result.start = kNoon + after_noon;
  row.result.duration = duration;
  row.result.moved_bytes = 1;
  return row;
}

std::set<std::uint32_t> disturbed(const std::vector<AccessRow>& rows) {
  DisturbanceFinder finder;
  for (const AccessRow& row : rows) finder.add(row);
  std::set<std::uint32_t> places;
  for (const TestName& name : finder.finish(kNoon, kNoon + 1h)) places.insert(name.place);
  return places;
}

using Places = std::set<std::uint32_t>;
const LineEnds kFixed{"gz", "fixed", "hub"}, kMobile{"gz", "5g", "far"}, kUnnamed{"gz", "", "far"};

TEST(DisturbedTests, AreThoseOfOneAccessAtTheSameTime) {
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 9s, 10s, kFixed)}), (Places{1, 2}));
  EXPECT_EQ(disturbed({test(2, 9s, 10s, kFixed), test(1, 0s, 10s, kFixed)}), (Places{1, 2}));
  // One after the other, as tests of one session are, whatever the roundings of their times.
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 9'950ms, 10s, kFixed)}), Places{});
  EXPECT_EQ(disturbed({test(1, 0s, 20s, kFixed), test(2, 5s, 1s, kFixed), test(3, 8s, 1s, kFixed)}), (Places{1, 2, 3}));
}

TEST(DisturbedTests, FillTheLineOfTheirServerToo) {
  const LineEnds other{"sz", "", "hub"}, from_there{"hub", "", "far"}, nowhere{"", "", ""};
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 1s, 10s, other)}), (Places{1, 2}));
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 1s, 10s, from_there)}), (Places{1, 2}));
  EXPECT_EQ(disturbed({test(1, 0s, 10s, nowhere), test(2, 1s, 10s, nowhere)}), Places{});
}

TEST(DisturbedTests, OtherAccessesOfASiteAreOtherLines) {
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 1s, 10s, kMobile)}), Places{});
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), test(2, 1s, 10s, kUnnamed)}), (Places{1, 2}));
}

TEST(DisturbedTests, WhatMovedNothingDisturbsNobody) {
  AccessRow refused = test(2, 1s, 10s, kFixed);
  refused.result.moved_bytes = 0;
  EXPECT_EQ(disturbed({test(1, 0s, 10s, kFixed), refused}), Places{});
}

TEST(DisturbedTests, OnlyThoseThatBeganInTheRangeAreNamed) {
  EXPECT_EQ(disturbed({test(1, -5s, 10s, kFixed), test(2, 1s, 10s, kFixed)}), (Places{2}));
}

}  // namespace
}  // namespace gnomon::store
