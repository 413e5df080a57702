#include "analysis/policer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "analysis/transfer_scene_for_test.h"
#include "core/random.h"

namespace gnomon::analysis {
namespace {

Scene policed(SeededRandom& random, std::uint64_t seed) {
  Scene scene;
  scene.seed = seed;
  const double rate = 0.5e6 * std::pow(40, random.uniform());  // 4 to 160 Mbit/s
  scene.bucket = SceneBucket{rate, rate * (0.05 + 0.6 * random.uniform())};
  scene.link = rate * (3 + 7 * random.uniform());
  scene.rtt = 0.005 + 0.06 * random.uniform();
  scene.queue = scene.link * 0.05;
  const Control controls[] = {Control::kReno, Control::kCubic, Control::kCubic, Control::kBbr};
  scene.control = controls[random.next() % 4];
  scene.streams = random.next() % 3 == 0 ? 4 : 1;
  return scene;
}

bool within(double value, double truth, double share) {
  return std::abs(value / truth - 1) <= share;
}

TEST(Policer, RateWithinFivePercentAndBurstWithinTwenty) {
  SeededRandom random(3);
  int found = 0, exact = 0, rate_right = 0, burst_right = 0;
  constexpr int kScenes = 100;
  for (int i = 0; i < kScenes; ++i) {
    const Scene scene = policed(random, static_cast<std::uint64_t>(i));
    const auto policer = find_policer(simulate(scene).samples);
    if (!policer) continue;
    ++found;
    const double rate = policer->bps / 8;
    EXPECT_LE(rate, 1.05 * scene.bucket->bytes_per_second) << i;
    if (policer->at_least) continue;
    ++exact;
    rate_right += within(rate, scene.bucket->bytes_per_second, 0.05) ? 1 : 0;
    burst_right += within(policer->burst_bytes, scene.bucket->burst, 0.20) ? 1 : 0;
  }
  std::printf("policers: found %d of %d, %d exactly; of these rate within 5 %%: %d, burst within 20 %%: %d\n", found,
              kScenes, exact, rate_right, burst_right);
  // The others are single streams over long paths that come back to the rate once or never within ten seconds.
  EXPECT_GE(found, 0.8 * kScenes);
  EXPECT_GE(exact, 0.6 * kScenes);
  EXPECT_GE(rate_right, 0.95 * exact);
  EXPECT_GE(burst_right, 0.95 * exact);
}

// None of these has a bucket.
TEST(Policer, IsNotFoundInWhatLooksLikeOne) {
  SeededRandom random(4);
  const Control controls[] = {Control::kReno, Control::kCubic, Control::kBbr};
  int found = 0;
  for (int i = 0; i < 120; ++i) {
    Scene scene;
    scene.seed = static_cast<std::uint64_t>(i);
    scene.control = controls[i % 3];
    scene.streams = i % 2 == 0 ? 1 : 4;
    scene.hystart = i % 4 < 2;
    scene.link = 0.6e6 * std::pow(100, random.uniform());
    scene.rtt = 0.004 * std::pow(20, random.uniform());
    scene.queue = scene.link * (0.005 + 0.1 * random.uniform());  // also shallow: slow start overshoots
    if (i % 5 == 1) scene.others = SceneOthers{0.5 + 3 * random.uniform(), scene.link * (0.3 + 0.4 * random.uniform())};
    if (i % 5 == 2) scene.loss = 1e-4 * std::pow(100, random.uniform());
    if (i % 5 == 3) scene.rtt_noise = 0.003;
    if (const auto policer = find_policer(simulate(scene).samples)) {
      ++found;
      ADD_FAILURE() << i << ": " << policer->bps / 1e6 << " Mbit/s, burst " << policer->burst_bytes << " on a link of "
                    << scene.link * 8e-6 << " Mbit/s, queue " << scene.queue / scene.link * 1e3 << " ms, rtt "
                    << scene.rtt * 1e3 << " ms";
    }
  }
  EXPECT_EQ(found, 0);
}

// A token bucket with a queue behind it: the same curve, but packets wait.
TEST(Policer, AShaperWithABucketDelays) {
  auto samples = simulate([] {
                   SeededRandom random(5);
                   return policed(random, 1);
                 }())
                     .samples;
  ASSERT_TRUE(find_policer(samples));
  for (auto& sample : samples) sample.tcp->rtt += std::chrono::milliseconds(80);
  EXPECT_FALSE(find_policer(samples));
}

TEST(Policer, SaysNothingWithoutTheSendersView) {
  auto samples = simulate([] {
                   SeededRandom random(5);
                   return policed(random, 1);
                 }())
                     .samples;
  for (auto& sample : samples) sample.tcp.reset();
  EXPECT_FALSE(find_policer(samples));
  EXPECT_FALSE(find_policer({}));
}

}  // namespace
}  // namespace gnomon::analysis
