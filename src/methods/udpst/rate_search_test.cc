#include "methods/udpst/rate_search.h"

#include <gtest/gtest.h>

namespace gnomon::methods::udpst {
namespace {

const RateTable kTable({true, false});
constexpr Feedback kClear{0, 0, 0, 0, 0, 0, 1}, kHold{0, 0, 0, 0, 0, 50, 1}, kLoss{11, 0, 0, 0, 0, 0, 1},
    kDelay{0, 0, 0, 0, 0, 91, 1};

std::vector<std::size_t> walk(RateSearch& search, std::initializer_list<Feedback> feedbacks) {
  std::vector<std::size_t> out;
  for (const auto& feedback : feedbacks) {
    search.adjust(feedback);
    out.push_back(search.index());
  }
  return out;
}
RateSearch started_at(std::uint16_t index, Algorithm algorithm = Algorithm::kB) {
  SearchSettings settings;
  settings.algorithm = algorithm;
  settings.rate_index = index;
  settings.index_is_start = true;
  return {kTable, settings};
}
using Walk = std::vector<std::size_t>;

// The flow chart of Y.1540 Annex B, figure B.1.
TEST(UdpstRateSearch, BRisesInLargeStepsUntilCongestion) {
  RateSearch search(kTable, {});
  EXPECT_EQ(walk(search, {kClear, kClear, kHold, kClear}), (Walk{10, 20, 20, 30}));
}

TEST(UdpstRateSearch, BFallsFarAtTheThirdCongestionAndThenGoesInSmallSteps) {
  auto search = started_at(500);
  EXPECT_EQ(walk(search, {kLoss, kDelay, kLoss, kClear, kClear, kLoss}), (Walk{499, 498, 468, 469, 470, 469}));
}

TEST(UdpstRateSearch, BForgetsCongestionThatDidNotLast) {
  auto search = started_at(500);
  EXPECT_EQ(walk(search, {kLoss, kLoss, kClear, kLoss, kLoss, kLoss}), (Walk{499, 498, 508, 507, 506, 476}));
}

TEST(UdpstRateSearch, BStopsLargeStepsAtAGigabit) {
  auto search = started_at(995);
  EXPECT_EQ(walk(search, {kClear, kClear, kClear}), (Walk{1000, 1001, 1002}));
  EXPECT_EQ(walk(search, {kLoss, kLoss, kLoss, kLoss}), (Walk{1001, 1000, 999, 998}));
}

TEST(UdpstRateSearch, BStaysInTheTable) {
  auto low = started_at(1);
  EXPECT_EQ(walk(low, {kLoss, kLoss, kLoss, kLoss}), (Walk{0, 0, 0, 0}));
  auto high = started_at(RateTable::kRows - 1);
  EXPECT_EQ(walk(high, {kClear}), (Walk{RateTable::kRows - 1}));
}

TEST(UdpstRateSearch, ThresholdsAreAsTheStandardSays) {
  const auto after = [](Feedback feedback) {
    auto search = started_at(100);
    search.adjust(feedback);
    return search.index();
  };
  EXPECT_EQ(after({10, 0, 0, 0, 0, 29, 1}), 110U);       // both at their limit: clear
  EXPECT_EQ(after({0, 0, 0, 0, 0, 30, 1}), 100U);        // hold from the lower threshold …
  EXPECT_EQ(after({0, 0, 0, 0, 0, 90, 1}), 100U);        // … to the upper one
  EXPECT_EQ(after({0, 0, 0, 0, 0, kNoDelay, 1}), 100U);  // no sample: hold
  EXPECT_EQ(after({0, 99, 99, 0, 0, 0, 1}), 110U);       // reordering is no sequence error by default
}

TEST(UdpstRateSearch, CountsReorderingAndOneWayDelayWhenAsked) {
  SearchSettings settings;
  settings.ignore_reordering = false;
  settings.use_one_way_delay = true;
  settings.rate_index = 100;
  settings.index_is_start = true;
  RateSearch reordered(kTable, settings);
  reordered.adjust({0, 6, 5, 0, 10, kNoDelay, 1});
  EXPECT_EQ(reordered.index(), 99U);
  RateSearch delayed(kTable, settings);
  delayed.adjust({0, 0, 0, 915, 10, 0, 1});  // a mean of 92 ms
  EXPECT_EQ(delayed.index(), 99U);
}

// TR-471, "multiply and retry": doubles at every other clear feedback, up to a gigabit.
TEST(UdpstRateSearch, CDoubles) {
  RateSearch search(kTable, SearchSettings{Algorithm::kC});
  EXPECT_EQ(walk(search, {kClear, kClear, kClear, kClear, kClear}), (Walk{1, 2, 2, 4, 4}));
  auto high = started_at(501, Algorithm::kC);
  EXPECT_EQ(walk(high, {kClear, kClear}), (Walk{1000, 1001}));
}

TEST(UdpstRateSearch, CTriesAgainAfterFiveSmallStepsThenAfterTen) {
  auto search = started_at(300, Algorithm::kC);
  EXPECT_EQ(walk(search, {kLoss, kLoss, kLoss}), (Walk{299, 298, 268}));
  // Two of the five were the steps down.
  EXPECT_EQ(walk(search, {kClear, kClear, kClear}), (Walk{269, 270, 271}));
  EXPECT_EQ(walk(search, {kClear, kClear}), (Walk{271, 542}));
}

TEST(UdpstRateSearch, KeepsAFixedRate) {
  SearchSettings settings;
  settings.rate_index = 77;
  RateSearch search(kTable, settings);
  EXPECT_EQ(walk(search, {kClear, kLoss, kLoss, kLoss}), (Walk{77, 77, 77, 77}));
}

TEST(UdpstRateSearch, KeepsStillWhileSuppressed) {
  SearchSettings settings;
  settings.suppressed_sub_intervals = 2;
  RateSearch search(kTable, settings);
  EXPECT_EQ(walk(search, {kClear, {0, 0, 0, 0, 0, 0, 2}}), (Walk{0, 10}));
  settings.rate_index = 40;
  RateSearch fixed(kTable, settings);
  EXPECT_EQ(walk(fixed, {kClear, {0, 0, 0, 0, 0, 0, 2}}), (Walk{0, 40}));
}

TEST(UdpstRateSearch, NeverLeavesItsLimit) {
  SearchSettings settings;
  settings.highest_index = 25;
  RateSearch search(kTable, settings);
  EXPECT_EQ(walk(search, {kClear, kClear, kClear, kClear}), (Walk{10, 20, 25, 25}));
  settings.rate_index = 1000;
  EXPECT_EQ(RateSearch(kTable, settings).index(), 25U);
}

}  // namespace
}  // namespace gnomon::methods::udpst
