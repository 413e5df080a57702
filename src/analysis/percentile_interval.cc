#include "analysis/percentile_interval.h"

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

namespace {

constexpr std::uint64_t kExactUpTo = 1'000;

// P(binomial(n, q) = k), through logarithms so that no power underflows.
double binomial_mass(std::uint64_t n, std::uint64_t k, double q) {
  const auto a = static_cast<double>(n), b = static_cast<double>(k);
  return std::exp(std::lgamma(a + 1) - std::lgamma(b + 1) - std::lgamma(a - b + 1) + b * std::log(q) +
                  (a - b) * std::log1p(-q));
}

// The standard normal's upper quantile, by bisection on erfc: `tail` is the probability above it.
double normal_quantile(double tail) {
  double low = 0, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(middle / std::sqrt(2.0)) > tail ? low : high) = middle;
  }
  return low;
}

// X_(i) for i from 1 to n in order; P(X_(i) <= quantile) = P(binomial >= i).
RankInterval exact_ranks(std::uint64_t n, double q, double tail) {
  RankInterval ranks;
  double below = 0;  // P(binomial <= k - 1)
  for (std::uint64_t k = 0; k <= n; ++k) {
    // The low end is the greatest i with P(binomial < i) <= tail, that is i = k for the last k that still holds.
    if (k >= 1 && below <= tail) ranks.low = k - 1;
    // The high end is the least i with P(binomial >= i) <= tail.
    if (k >= 1 && !ranks.high && 1 - below <= tail) ranks.high = k - 1;
    below += binomial_mass(n, k, q);
  }
  return ranks;
}

RankInterval normal_ranks(std::uint64_t n, double q, double tail) {
  const double mean = static_cast<double>(n) * q;
  const double reach = normal_quantile(tail) * std::sqrt(mean * (1 - q)) + 0.5;
  RankInterval ranks;
  const double low = std::floor(mean - reach), high = std::ceil(mean + reach) + 1;  // ranks from 1
  if (low >= 1) ranks.low = static_cast<std::uint64_t>(low) - 1;
  if (high <= static_cast<double>(n)) ranks.high = static_cast<std::uint64_t>(high) - 1;
  return ranks;
}

Nanoseconds at_rank(const DelaySketch& sketch, std::uint64_t rank) {
  std::uint64_t seen = 0;
  for (const DelaySketch::Bucket& bucket : sketch.buckets()) {
    seen += bucket.count;
    if (seen > rank) return DelaySketch::value_of(bucket.number);
  }
  return DelaySketch::value_of(sketch.buckets().back().number);
}

// The sample lies within the sketch's relative error of its value: the end moves out by that much.
Nanoseconds moved(Nanoseconds value, double direction) {
  const double error = DelaySketch::kRelativeAccuracy * std::abs(static_cast<double>(value.count()));
  return value + Nanoseconds(static_cast<std::int64_t>(direction * std::ceil(error)));
}

}  // namespace

RankInterval quantile_ranks(std::uint64_t samples, double q, double confidence) {
  if (samples == 0) return {};
  const double tail = (1 - confidence) / 2;
  return samples <= kExactUpTo ? exact_ranks(samples, q, tail) : normal_ranks(samples, q, tail);
}

std::optional<PercentileInterval> percentile_interval(const DelaySketch& sketch, double q, double confidence) {
  const auto estimate = sketch.quantile(q);
  if (!estimate) return std::nullopt;
  const RankInterval ranks = quantile_ranks(sketch.count(), q, confidence);
  PercentileInterval interval;
  interval.estimate = *estimate;
  interval.samples = sketch.count();
  interval.low_holds = ranks.low.has_value();
  interval.high_holds = ranks.high.has_value();
  interval.low = moved(at_rank(sketch, ranks.low.value_or(0)), -1);
  interval.high = moved(at_rank(sketch, ranks.high.value_or(sketch.count() - 1)), +1);
  return interval;
}

}  // namespace gnomon::analysis
