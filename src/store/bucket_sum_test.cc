#include "store/bucket_sum.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "core/random.h"

namespace gnomon::store {
namespace {

using Reference = std::map<int, std::uint64_t>;

std::vector<SketchBucket> random_sketch(SeededRandom& random, int middle, int spread) {
  Reference counts;
  for (std::uint64_t i = random.next() % 90; i > 0; --i) {
    const int number = middle + static_cast<int>(random.next() % static_cast<std::uint64_t>(2 * spread + 1)) - spread;
    counts[std::clamp(number, -32'768, 32'767)] += 1 + random.next() % 3;
  }
  std::vector<SketchBucket> sketch;
  for (const auto& [number, count] : counts) {
    sketch.push_back({static_cast<std::int16_t>(number), static_cast<std::uint32_t>(count)});
  }
  return sketch;
}

void expect_equal(const BucketSum& sum, const Reference& reference) {
  std::vector<SketchBucket> expected;
  for (const auto& [number, count] : reference) {
    expected.push_back({static_cast<std::int16_t>(number), static_cast<std::uint32_t>(count)});
  }
  const auto buckets = sum.buckets();
  ASSERT_EQ(std::vector<SketchBucket>(buckets.begin(), buckets.end()), expected);
}

// Narrow sums become arrays, wide ones stay lists, and some turn from one to the other and back.
TEST(BucketSum, IsTheSumOfWhatWasAdded) {
  SeededRandom random(7);
  for (const int spread : {3, 40, 400, 5'000, 32'768}) {
    for (int round = 0; round < 20; ++round) {
      BucketSum sum;
      Reference reference;
      for (int i = 0; i < 60; ++i) {
        const int middle = i % 20 == 19 ? static_cast<int>(random.next() % 60'000) - 30'000 : 1'500;
        const auto sketch = random_sketch(random, middle, spread);
        sum.add(sketch);
        for (const SketchBucket& b : sketch) reference[b.number] += b.count;
        if (i % 7 == 0) expect_equal(sum, reference);
      }
      expect_equal(sum, reference);
      sum.clear();
      expect_equal(sum, {});
      sum.add(std::vector<SketchBucket>{{5, 2}});
      expect_equal(sum, {{5, 2}});
    }
  }
}

TEST(BucketSum, CountsStayAtTheirLimit) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  for (const int buckets : {1, 300}) {
    std::vector<SketchBucket> sketch;
    for (int i = 0; i < buckets; ++i) sketch.push_back({static_cast<std::int16_t>(i), kMost - 1});
    BucketSum sum;
    for (int i = 0; i < 3; ++i) sum.add(sketch);
    for (const SketchBucket& b : sum.buckets()) EXPECT_EQ(b.count, kMost);
  }
}

}  // namespace
}  // namespace gnomon::store
