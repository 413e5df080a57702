#include "core/sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gnomon {

namespace {

constexpr double kGamma = (1 + DelaySketch::kRelativeAccuracy) / (1 - DelaySketch::kRelativeAccuracy);
const double kLogGamma = std::log(kGamma);

}  // namespace

DelaySketch::DelaySketch(std::vector<Bucket> buckets) : buckets_(std::move(buckets)) {
  for (const Bucket& b : buckets_) count_ += b.count;
}

std::int16_t DelaySketch::bucket_of(Nanoseconds delay) {
  const auto v = delay.count();
  if (v == 0) return 0;
  const double magnitude = std::abs(static_cast<double>(v));
  const auto number = static_cast<std::int16_t>(1 + std::lround(std::ceil(std::log(magnitude) / kLogGamma)));
  return v > 0 ? number : static_cast<std::int16_t>(-number);
}

Nanoseconds DelaySketch::value_of(std::int16_t bucket) {
  if (bucket == 0) return Nanoseconds(0);
  const double upper = std::exp((std::abs(bucket) - 1) * kLogGamma);
  const auto value = static_cast<std::int64_t>(std::lround(2 * upper / (kGamma + 1)));
  return Nanoseconds(bucket > 0 ? value : -value);
}

void DelaySketch::add_bucket(std::int16_t number, std::uint32_t count) {
  if (count == 0) return;
  count_ += count;
  // Buckets mostly come in order.
  if (buckets_.empty() || buckets_.back().number < number) return buckets_.push_back({number, count});
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), number,
                                   [](const Bucket& b, std::int16_t n) { return b.number < n; });
  if (at != buckets_.end() && at->number == number) {
    at->count += count;
  } else {
    buckets_.insert(at, Bucket{number, count});
  }
}

void DelaySketch::merge(const DelaySketch& other) {
  for (const Bucket& b : other.buckets_) add_bucket(b.number, b.count);
}

void DelaySketch::clear() {
  buckets_.clear();
  count_ = 0;
}

std::optional<Nanoseconds> DelaySketch::quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const auto rank = static_cast<std::uint64_t>(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_ - 1));
  std::uint64_t seen = 0;
  for (const Bucket& b : buckets_) {
    seen += b.count;
    if (seen > rank) return value_of(b.number);
  }
  return value_of(buckets_.back().number);
}

}  // namespace gnomon
