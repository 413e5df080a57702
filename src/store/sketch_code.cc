#include "store/sketch_code.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/sketch.h"

namespace gnomon::store {

namespace {

constexpr unsigned kMore = 4;  // of all digits of a token but the last

// limit[k]: the greatest delay whose bucket is at most k.
std::vector<std::int64_t> find_limits() {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const int last = DelaySketch::bucket_of(Nanoseconds(kMost));
  std::vector<std::int64_t> limits;
  std::int64_t low = 0;
  for (int k = 0; k < last; ++k) {
    std::int64_t high = low <= kMost / 2 ? std::max<std::int64_t>(1, 2 * low) : kMost;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2 + 1;
      if (DelaySketch::bucket_of(Nanoseconds(middle)) <= k) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    limits.push_back(low);
  }
  limits.push_back(kMost);
  return limits;
}

// The base-2 logarithm within 0.0009, a thirtieth of a bucket: the exponent, and a cubic for the mantissa that is exact
// at its ends.
double rough_log2(double v) {
  const auto bits = std::bit_cast<std::uint64_t>(v);
  const auto exponent = static_cast<double>(static_cast<int>(bits >> 52) - 1023);
  const double f = std::bit_cast<double>((bits & ((1ULL << 52) - 1)) | (1023ULL << 52)) - 1;
  return exponent + f * (1.42286561 + f * (-0.58208637 + f * 0.15922076));
}

// Puts two digits into each element, the first in front. Each window passes here, so it writes through a pointer.
class Writer {
 public:
  explicit Writer(std::uint8_t* out) : at_(out) {}
  void digit(unsigned d) {
    if (is_half_) *at_++ = static_cast<std::uint8_t>(first_ << 3 | d);
    first_ = d;
    is_half_ = !is_half_;
  }
  void number(std::uint64_t value) {
    const int bits = value == 0 ? 1 : 64 - std::countl_zero(value);
    for (int shift = (bits - 1) / 2 * 2; shift > 0; shift -= 2) digit((value >> shift & 3) | kMore);
    digit(value & 3);
  }
  // What a bucket holds beyond its first packet.
  void packets(std::uint32_t more) {
    if (more > 2) {
      digit(kMore);
      return number(more);
    }
    for (; more > 0; --more) digit(0);
  }
  // One behind the last element; of one with a single digit only that is meant.
  [[nodiscard]] std::uint8_t* end() {
    if (is_half_) digit(kMore);
    return at_;
  }

 private:
  std::uint8_t* at_;
  unsigned first_ = 0;
  bool is_half_ = false;
};

void append_by_magnitude(std::span<const SketchBucket> buckets, Writer& writer) {
  writer.digit(0);
  auto above = std::ranges::lower_bound(buckets, std::int16_t{0}, {}, &SketchBucket::number);
  auto below = above;  // one behind the next negative bucket
  int at = 0;
  while (above != buckets.end() || below != buckets.begin()) {
    const bool negative =
        above == buckets.end() || (below != buckets.begin() && -std::prev(below)->number < above->number);
    const SketchBucket& next = negative ? *--below : *above++;
    const int magnitude = std::abs(next.number);
    writer.number(2 * static_cast<std::uint64_t>(magnitude - at) + (negative ? 2 : 1));
    at = magnitude;
    writer.packets(next.count - 1);
  }
}

}  // namespace

std::int16_t bucket_number(std::int64_t delay) {
  static const std::vector<std::int64_t> kLimits = find_limits();
  static const double kPerOctave =
      std::log(2.0) / std::log((1 + DelaySketch::kRelativeAccuracy) / (1 - DelaySketch::kRelativeAccuracy));
  if (delay == 0) return 0;
  const std::int64_t size = delay > 0 ? delay : -std::max(delay, -std::numeric_limits<std::int64_t>::max());
  auto k = static_cast<std::size_t>(1 + rough_log2(static_cast<double>(size)) * kPerOctave);
  k = std::min(k, kLimits.size() - 1);
  while (k > 0 && size <= kLimits[k - 1]) --k;
  while (size > kLimits[k]) ++k;
  return static_cast<std::int16_t>(delay > 0 ? k : -k);
}

std::uint8_t* write_sketch(std::span<const SketchBucket> buckets, std::int16_t near, std::uint8_t* out) {
  if (buckets.empty()) return out;
  Writer writer(out);
  if (buckets.front().number < 0) {
    append_by_magnitude(buckets, writer);
    return writer.end();
  }
  const int first = buckets.front().number - near;
  writer.number(static_cast<std::uint64_t>(first >= 0 ? 2 * first : -2 * first - 1) + 1);
  writer.packets(buckets.front().count - 1);
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    writer.number(static_cast<std::uint64_t>(buckets[i].number - buckets[i - 1].number));
    writer.packets(buckets[i].count - 1);
  }
  return writer.end();
}

void append_sketch(std::span<const SketchBucket> buckets, std::int16_t near, std::vector<std::uint8_t>& digits) {
  const std::size_t before = digits.size();
  digits.resize(before + most_sketch_bytes(buckets.size()));
  const std::uint8_t* const end = write_sketch(buckets, near, digits.data() + before);
  digits.resize(static_cast<std::size_t>(end - digits.data()));
}

}  // namespace gnomon::store
