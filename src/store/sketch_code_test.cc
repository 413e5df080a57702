#include "store/sketch_code.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "core/sketch.h"

namespace gnomon::store {
namespace {

std::vector<SketchBucket> read(const std::vector<std::uint8_t>& digits, std::int16_t near) {
  std::vector<SketchBucket> room;
  const auto buckets = read_sketch(digits, near, room);
  return {buckets.begin(), buckets.end()};
}

TEST(SketchCode, TheWorkedExampleOfTheSpecification) {
  std::vector<std::uint8_t> digits;
  append_sketch(std::vector<SketchBucket>{{1632, 1}, {1634, 2}, {1647, 5}}, 1632, digits);
  EXPECT_EQ(digits, (std::vector<std::uint8_t>{012, 007, 014, 050}));
  digits.clear();
  append_sketch(std::vector<SketchBucket>{{1632, 1}}, 1632, digits);
  EXPECT_EQ(digits, (std::vector<std::uint8_t>{014}));
  digits.clear();
  append_sketch(std::vector<SketchBucket>{{-2, 1}, {1, 1}}, 1632, digits);
  EXPECT_EQ(digits, (std::vector<std::uint8_t>{003, 050}));
}

TEST(SketchCode, WhatIsWrittenIsRead) {
  SeededRandom random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<SketchBucket> buckets;
    int number = static_cast<int>(random.next() % 8'000) - (round % 2 == 0 ? 0 : 4'000);
    const std::uint64_t spread = 1ULL << random.next() % 11;
    for (std::uint64_t left = random.next() % 12; left > 0; --left) {
      const std::uint64_t count = 1 + random.next() % (1ULL << random.next() % 33);
      buckets.push_back(
          {static_cast<std::int16_t>(number), static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX))});
      number += 1 + static_cast<int>(random.next() % spread);
    }
    const auto near = static_cast<std::int16_t>(random.next() % 4'000);
    std::vector<std::uint8_t> digits;
    append_sketch(buckets, near, digits);
    for (const std::uint8_t digit : digits) ASSERT_LT(digit, 64);
    ASSERT_EQ(read(digits, near), buckets) << round;
  }
}

TEST(SketchCode, TheEndsOfTheRange) {
  const std::vector<SketchBucket> ends = {{INT16_MIN, UINT32_MAX}, {0, 1}, {INT16_MAX, UINT32_MAX}};
  std::vector<std::uint8_t> digits;
  append_sketch(ends, INT16_MAX, digits);
  EXPECT_EQ(read(digits, INT16_MAX), ends);
}

TEST(SketchCode, DigitsOfNobodyEndAndGiveNoMoreThanThereAre) {
  SeededRandom random(2);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> digits(random.next() % 40);
    for (std::uint8_t& digit : digits) digit = static_cast<std::uint8_t>(random.next() % (round % 2 == 0 ? 64 : 256));
    EXPECT_LE(read(digits, static_cast<std::int16_t>(random.next())).size(), 2 * digits.size());
  }
}

TEST(SketchCode, BucketsWithoutALogarithmAreTheSketchs) {
  SeededRandom random(3);
  for (int round = 0; round < 1'000'000; ++round) {
    const auto v = static_cast<std::int64_t>(random.next() >> random.next() % 64);
    ASSERT_EQ(bucket_number(v), DelaySketch::bucket_of(Nanoseconds(v))) << v;
  }
  for (int k = 1; k < 4'000; ++k) {  // on both sides of every border
    const double border = std::pow(1.005 / 0.995, k);
    for (int d = -2; d <= 2; ++d) {
      const auto v = static_cast<std::int64_t>(border) + d;
      if (v <= 0) continue;
      ASSERT_EQ(bucket_number(v), DelaySketch::bucket_of(Nanoseconds(v))) << v;
    }
  }
}

}  // namespace
}  // namespace gnomon::store
