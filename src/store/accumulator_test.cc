#include "store/accumulator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/random.h"
#include "store/store.h"

namespace gnomon::store {
namespace {

// Random rows of any values, as a table might hold them.
RowBlock random_rows(SeededRandom& random, std::size_t count) {
  RowBlock rows;
  for (std::size_t i = 0; i < count; ++i) {
    rows.path.push_back(0);
    rows.start_ms.push_back(static_cast<std::int64_t>(i));
    rows.windows.push_back(1);
    for (RowBlock::Scalars& column : rows.scalars) {
      const bool is_known = random.next() % 4 != 0;
      column.known.push_back(is_known ? 1 : 0);
      column.value.push_back(is_known ? static_cast<std::int64_t>(random.next() % 1'000) : 0);
    }
    for (RowBlock::SketchRows& column : rows.sketches) {
      std::int16_t number = static_cast<std::int16_t>(random.next() % 50) - 25;
      std::vector<SketchBucket> buckets;
      for (std::uint64_t b = random.next() % 5; b > 0; --b) {
        number = static_cast<std::int16_t>(number + 1 + random.next() % 9);
        buckets.push_back({number, 1 + static_cast<std::uint32_t>(random.next() % 9)});
      }
      const auto k = static_cast<std::size_t>(&column - rows.sketches.data());
      append_sketch(buckets, rows.near(k, i), column.digits);
      column.end_row();
    }
  }
  return rows;
}

void expect_same(const RowBlock& a, const RowBlock& b) {
  EXPECT_EQ(a.windows, b.windows);
  for (std::size_t c = 0; c < a.scalars.size(); ++c) {
    EXPECT_EQ(a.scalars[c].value, b.scalars[c].value) << level_columns().scalars[c].name;
    EXPECT_EQ(a.scalars[c].known, b.scalars[c].known) << level_columns().scalars[c].name;
  }
  for (std::size_t k = 0; k < a.sketches.size(); ++k) {
    EXPECT_EQ(a.sketches[k].offset, b.sketches[k].offset) << level_columns().sketches[k].name;
    EXPECT_EQ(a.sketches[k].digits, b.sketches[k].digits) << level_columns().sketches[k].name;
  }
}

ColumnChoice everything() {
  return {Numbers::kAll, ColumnChoice::kEverySketch};
}

TEST(Accumulator, SumsOfSumsAreTheSum) {
  SeededRandom random(1);
  for (int round = 0; round < 50; ++round) {
    const RowBlock rows = random_rows(random, 40);
    Accumulator at_once(everything()), parts(everything());
    const std::vector<std::int32_t> one_slot(40, 0);
    at_once.resize(1);
    at_once.add(rows, one_slot);
    std::vector<std::int32_t> some_slots;
    for (int i = 0; i < 40; ++i) some_slots.push_back(static_cast<std::int32_t>(random.next() % 5));
    parts.resize(5);
    parts.add(rows, some_slots);
    RowBlock partial;
    for (std::size_t s = 0; s < 5; ++s) parts.append_to(partial, s, 0, 0);
    Accumulator summed(everything());
    summed.resize(1);
    summed.add(partial, std::vector<std::int32_t>(5, 0));
    RowBlock want, got;
    at_once.append_to(want, 0, 0, 0);
    summed.append_to(got, 0, 0, 0);
    expect_same(got, want);
  }
}

TEST(Accumulator, ANegativeSlotLeavesTheRowOut) {
  SeededRandom random(2);
  const RowBlock rows = random_rows(random, 3);
  Accumulator sums(everything());
  sums.resize(1);
  sums.add(rows, std::vector<std::int32_t>{-1, 0, -1});
  EXPECT_EQ(sums.point(0).windows, 1U);
  sums.resize(2);
  EXPECT_TRUE(sums.empty(1));
}

TEST(Accumulator, AddsUpOnlyWhatIsAskedFor) {
  SeededRandom random(4);
  const RowBlock rows = random_rows(random, 9);
  const std::vector<std::int32_t> slot(9, 0);
  Accumulator all(everything()), some({Numbers::kPackets, kRtt});
  for (Accumulator* sums : {&all, &some}) {
    sums->resize(1);
    sums->add(rows, slot);
  }
  const Point want = all.point(0), got = some.point(0);
  EXPECT_EQ(got.sent, want.sent);
  EXPECT_EQ(got.received, want.received);
  EXPECT_EQ(got.lost, want.lost);
  EXPECT_EQ(got.measured, want.measured);
  EXPECT_TRUE(std::ranges::equal(got.rtt.buckets(), want.rtt.buckets()));
  EXPECT_FALSE(got.forward_max);
  EXPECT_TRUE(got.forward.empty());
}

TEST(Accumulator, AValueThatNoRowKnowsStaysUnknown) {
  RowBlock rows;
  SeededRandom random(3);
  rows = random_rows(random, 2);
  for (RowBlock::Scalars& column : rows.scalars) {
    column.known.assign(2, 0);
    column.value.assign(2, 0);
  }
  Accumulator sums({Numbers::kAll, kNoSketches});
  sums.resize(1);
  sums.add(rows, std::vector<std::int32_t>{0, 0});
  const Point point = sums.point(0);
  EXPECT_FALSE(point.rtt_min || point.rtt_mean || point.lost_forward || point.error_bound);
  EXPECT_TRUE(point.rtt.empty());
}

TEST(Accumulator, PacketsOfABucketStayAtTheirLimit) {
  RowBlock rows;
  Accumulator one(everything());
  one.resize(1);
  one.append_to(rows, 0, 0, 0);
  const SketchBucket most{7, UINT32_MAX};
  rows.sketches[0].digits.clear();
  append_sketch({&most, 1}, 0, rows.sketches[0].digits);
  rows.sketches[0].offset = {0, static_cast<std::uint32_t>(rows.sketches[0].digits.size())};
  Accumulator sums({Numbers::kAll, kRtt});
  sums.resize(1);
  const std::vector<std::int32_t> slot = {0};
  sums.add(rows, slot);
  sums.add(rows, slot);
  EXPECT_EQ(sums.point(0).rtt.count(), UINT32_MAX);
}

}  // namespace
}  // namespace gnomon::store
