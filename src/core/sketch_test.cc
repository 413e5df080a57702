#include "core/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"

namespace gnomon {
namespace {

TEST(DelaySketch, EveryQuantileIsWithinTheStatedAccuracyOfATrueSample) {
  SeededRandom random(1);
  DelaySketch sketch;
  std::vector<std::int64_t> samples;
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<std::int64_t>(std::exp(random.uniform() * 20));
    samples.push_back(ns);
    sketch.add(Nanoseconds(ns));
  }
  std::sort(samples.begin(), samples.end());
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.95, 0.999, 1.0}) {
    const auto truth = static_cast<double>(samples[static_cast<std::size_t>(q * (samples.size() - 1))]);
    const auto said = static_cast<double>(sketch.quantile(q)->count());
    EXPECT_NEAR(said / truth, 1.0, DelaySketch::kRelativeAccuracy + 0.5 / truth) << "q=" << q;
  }
}

TEST(DelaySketch, MergingGivesTheSketchOfAllSamples) {
  SeededRandom random(2);
  DelaySketch all;
  DelaySketch parts[3];
  for (int i = 0; i < 3'000; ++i) {
    const Nanoseconds ns(static_cast<std::int64_t>(random.next() % 50'000'000) - 1'000);
    all.add(ns);
    parts[i % 3].add(ns);
  }
  DelaySketch merged;
  for (const auto& part : parts) merged.merge(part);
  EXPECT_EQ(merged.count(), all.count());
  EXPECT_TRUE(std::ranges::equal(merged.buckets(), all.buckets()));
}

TEST(DelaySketch, NegativeAndZeroDelaysKeepTheirOrder) {
  DelaySketch sketch;
  for (const int ns : {-2'000'000, -1'000, 0, 1, 5'000'000}) sketch.add(Nanoseconds(ns));
  EXPECT_LT(sketch.quantile(0.0)->count(), -1'900'000);
  EXPECT_EQ(sketch.quantile(0.5)->count(), 0);
  EXPECT_EQ(sketch.quantile(0.75)->count(), 1);
  EXPECT_GT(sketch.quantile(1.0)->count(), 4'900'000);
}

TEST(DelaySketch, AnEmptySketchHasNoQuantile) {
  EXPECT_FALSE(DelaySketch().quantile(0.5));
}

TEST(DelaySketch, TheWholeRangeOfNanosecondsFitsABucketNumber) {
  EXPECT_GT(DelaySketch::bucket_of(Nanoseconds::max()), 4'000);
  EXPECT_LT(DelaySketch::bucket_of(Nanoseconds::min()), -4'000);
}

}  // namespace
}  // namespace gnomon
