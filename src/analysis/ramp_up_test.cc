#include "analysis/ramp_up.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace gnomon::analysis {
namespace {

using std::chrono::milliseconds;

// Samples each 50 ms of a transfer with that rate (bytes per second) at each moment (seconds).
DeliveryCurve curve_of(double length, const std::function<double(double)>& rate) {
  std::vector<schema::TransferSample> samples;
  double bytes = 0;
  for (int i = 1; i <= static_cast<int>(length * 1000); ++i) {
    bytes += rate(i / 1000.0) / 1000;
    if (i % 50 != 0) continue;
    schema::TransferSample sample;
    sample.at = milliseconds(i);
    sample.received_bytes = static_cast<std::uint64_t>(bytes);
    samples.push_back(sample);
  }
  return DeliveryCurve(samples);
}

double slow_start(double now) {
  return now < 1 ? 1e6 * std::pow(2, 10 * (now - 1)) : 1e6;
}

TEST(RampUp, EndsWithTheFirstWindowAtTheLevel) {
  const RampUp ramp = ramp_up(curve_of(10, slow_start));
  EXPECT_TRUE(ramp.reached);
  EXPECT_EQ(ramp.end, milliseconds(1'250));
}

TEST(RampUp, AStallLaterDoesNotLengthenIt) {
  for (const double stall : {1.5, 3.0, 4.9, 7.0}) {
    const auto curve = curve_of(10, [&](double now) { return now > stall && now < stall + 1.2 ? 0 : slow_start(now); });
    EXPECT_EQ(ramp_up(curve).end, milliseconds(1'250)) << stall;
  }
}

TEST(RampUp, AStallWithinItDelaysItByItself) {
  const auto curve = curve_of(10, [](double now) {
    return now < 0.5 ? slow_start(now) : now < 1 ? 0 : slow_start(now - 0.5);
  });
  EXPECT_EQ(ramp_up(curve).end, milliseconds(1'750));
}

TEST(RampUp, ABurstAboveTheLevelBelongsToIt) {
  // A bucket lets the first second go four times as fast; then the sender backs off before it finds its rate.
  const auto curve = curve_of(10, [](double now) { return now < 1 ? 4e6 : now < 1.5 ? 0.2e6 : 1e6; });
  const RampUp ramp = ramp_up(curve);
  EXPECT_TRUE(ramp.reached);
  EXPECT_EQ(ramp.end, milliseconds(1'750));
}

TEST(RampUp, TakesHalfAtMost) {
  const RampUp rising = ramp_up(curve_of(10, [](double now) { return now * 1e5; }));
  EXPECT_FALSE(rising.reached);
  EXPECT_EQ(rising.end, milliseconds(5'000));
  const RampUp brief = ramp_up(curve_of(1, [](double) { return 1e6; }));
  EXPECT_FALSE(brief.reached);
  EXPECT_EQ(brief.end, milliseconds(500));
  EXPECT_FALSE(ramp_up(DeliveryCurve({})).reached);
  EXPECT_FALSE(ramp_up(curve_of(10, [](double) { return 0; })).reached);
}

TEST(DeliveryCurve, DoesNotBelieveTimesAndCountsThatGoBack) {
  std::vector<schema::TransferSample> samples(4);
  samples[0].at = milliseconds(50), samples[0].received_bytes = 1'000;
  samples[1].at = milliseconds(40), samples[1].received_bytes = 9'000;
  samples[2].at = milliseconds(100), samples[2].received_bytes = 500;
  samples[3].at = milliseconds(150), samples[3].received_bytes = 3'000;
  const DeliveryCurve curve(samples);
  EXPECT_EQ(curve.points().size(), 4U);
  EXPECT_DOUBLE_EQ(curve.bytes_at(0.1), 1'000);
  EXPECT_DOUBLE_EQ(curve.bytes_at(0.125), 2'000);
  EXPECT_DOUBLE_EQ(curve.bytes_at(9), 3'000);
  EXPECT_DOUBLE_EQ(curve.bytes_at(-1), 0);
}

TEST(QuantileOf, InterpolatesBetweenRanks) {
  EXPECT_DOUBLE_EQ(quantile_of({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile_of({4, 1, 3, 2}, 1), 4);
  EXPECT_DOUBLE_EQ(quantile_of({}, 0.5), 0);
}

}  // namespace
}  // namespace gnomon::analysis
