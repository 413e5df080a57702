#include "analysis/throughput.h"

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

namespace {

constexpr int kMostBatches = 16;
constexpr int kFewestBatches = 8;
constexpr double kShortestBatch = 0.15;      // seconds; three samples
constexpr double kMostCorrelation = 0.8;     // beyond it the series is too short to say anything
constexpr double kNormalQuantile = 1.95996;  // 97.5 %
constexpr double kLookEach = 1.1;
constexpr double kPriceOfLooking = 1.25;  // measured: brings the worst series of the test back above 90 %

double seconds_of(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Student's t, upper 2.5 %: Abramowitz, Stegun 26.7.5. Within 1 % from 3 degrees of freedom on.
double t_quantile(double freedom) {
  const double z = kNormalQuantile, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z;
  const double g1 = (z3 + z) / 4, g2 = (5 * z5 + 16 * z3 + 3 * z) / 96;
  const double g3 = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384;
  const double g4 = (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / 92160;
  return z + g1 / freedom + g2 / std::pow(freedom, 2) + g3 / std::pow(freedom, 3) + g4 / std::pow(freedom, 4);
}

// Correlation of neighbours, corrected for the bias of −(1 + 4ρ)/n that a short series has; at least 0.
double correlation(const std::vector<double>& values, double mean, double squares) {
  double products = 0;
  for (std::size_t i = 1; i < values.size(); ++i) products += (values[i] - mean) * (values[i - 1] - mean);
  const auto n = static_cast<double>(values.size());
  const double corrected = (products / squares * n + 1) / (n - 4);
  return std::clamp(corrected, 0.0, kMostCorrelation);
}

double half_width(const std::vector<double>& batches) {
  const auto n = static_cast<double>(batches.size());
  double mean = 0, squares = 0;
  for (const double value : batches) mean += value / n;
  for (const double value : batches) squares += (value - mean) * (value - mean);
  if (squares <= 0) return 0;
  const double rho = correlation(batches, mean, squares);
  const double freedom = std::max(3.0, (n - 1) * (1 - rho * rho) / (1 + rho * rho));
  return t_quantile(freedom) * std::sqrt(squares / (n - 1) / n * (1 + rho) / (1 - rho));
}

std::size_t samples_from(const DeliveryCurve& curve, double from) {
  return static_cast<std::size_t>(
      std::ranges::count_if(curve.points(), [&](const CurvePoint& point) { return point.seconds >= from; }));
}

std::optional<Throughput> widened(std::optional<Throughput> throughput) {
  if (!throughput) return throughput;
  throughput->low = std::max(0.0, throughput->bps - kPriceOfLooking * (throughput->bps - throughput->low));
  throughput->high = throughput->bps + kPriceOfLooking * (throughput->high - throughput->bps);
  return throughput;
}

}  // namespace

std::optional<double> Throughput::precision() const {
  if (bps <= 0) return std::nullopt;
  return (high - low) / 2 / bps;
}

std::optional<Throughput> throughput(const DeliveryCurve& curve, Nanoseconds from) {
  const double begin = seconds_of(from), end = curve.end();
  if (end - begin < 1 || samples_from(curve, begin) < 16) return std::nullopt;
  const int count = std::clamp(static_cast<int>((end - begin) / kShortestBatch), kFewestBatches, kMostBatches);
  Throughput result;
  result.from = from;
  result.to = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(end));
  result.bps = 8 * curve.rate(begin, end);
  const double width = 8 * half_width(curve.rates(begin, end, count));
  result.low = std::max(0.0, result.bps - width);
  result.high = result.bps + width;
  return result;
}

StopAdvice may_stop(std::span<const schema::TransferSample> samples, const Precision& precision) {
  StopAdvice advice;
  if (samples.empty()) return advice;
  const Nanoseconds now = samples.back().at;
  int precise_looks = 0;
  for (double look = seconds_of(precision.least);
       look <= seconds_of(std::min(now, precision.full)) && precise_looks < 2; look *= kLookEach) {
    const auto end = std::ranges::find_if(samples, [&](const auto& sample) { return seconds_of(sample.at) > look; });
    const DeliveryCurve curve(samples.first(static_cast<std::size_t>(end - samples.begin())));
    const RampUp ramp = ramp_up(curve);
    advice.throughput = widened(throughput(curve, ramp.end));
    const auto reached = advice.throughput ? advice.throughput->precision() : std::nullopt;
    precise_looks = ramp.reached && reached && *reached <= precision.half_width ? precise_looks + 1 : 0;
  }
  advice.precise = precise_looks == 2;
  advice.stop = advice.precise || now >= precision.full;
  if (!advice.precise && advice.stop) {
    const DeliveryCurve curve(samples);
    advice.throughput = throughput(curve, ramp_up(curve).end);
  }
  if (advice.precise && now < precision.full) {
    advice.spared_time = precision.full - now;
    advice.spared = {static_cast<std::uint64_t>(advice.throughput->bps / 8 * seconds_of(advice.spared_time))};
  }
  return advice;
}

}  // namespace gnomon::analysis
