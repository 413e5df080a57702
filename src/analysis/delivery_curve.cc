#include "analysis/delivery_curve.h"

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

DeliveryCurve::DeliveryCurve(std::span<const schema::TransferSample> samples) : points_{{0, 0}} {
  points_.reserve(samples.size() + 1);
  for (const schema::TransferSample& sample : samples) {
    const double seconds = std::chrono::duration<double>(sample.at).count();
    if (seconds <= points_.back().seconds) continue;
    points_.push_back({seconds, std::max(points_.back().bytes, static_cast<double>(sample.received_bytes))});
  }
}

double DeliveryCurve::bytes_at(double seconds) const {
  const auto after = std::ranges::upper_bound(points_, seconds, {}, &CurvePoint::seconds);
  if (after == points_.begin()) return 0;
  if (after == points_.end()) return points_.back().bytes;
  const CurvePoint &a = *std::prev(after), &b = *after;
  return a.bytes + (b.bytes - a.bytes) * (seconds - a.seconds) / (b.seconds - a.seconds);
}

std::vector<double> DeliveryCurve::rates(double from, double to, int count) const {
  std::vector<double> rates;
  const double width = (to - from) / count;
  for (int i = 0; i < count; ++i) rates.push_back(rate(from + i * width, from + (i + 1) * width));
  return rates;
}

double quantile_of(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

}  // namespace gnomon::analysis
