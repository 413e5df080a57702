#pragma once

// A mergeable sketch of signed delays: DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
// sketch with relative-error guarantees", VLDB 2019) with a signed bucket number and no bucket collapsing.
//
// Every quantile is within kRelativeAccuracy of a true sample of that rank, before and after any number of merges.
// Buckets are few (a delay series spans a narrow range), so they are kept sparse, sorted by number.
//
// Bucket number of a delay of v nanoseconds: 0 for v = 0; for v > 0 it is 1 + ceil(log_gamma(v)); for v < 0 (a one-way
// delay under a clock fault) the negative of the number of -v. gamma = (1 + a) / (1 - a), a = kRelativeAccuracy.
// This numbering is part of the stored format: docs/spec/batch.md.
//
// Not thread-safe; a plain value.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/clock.h"

namespace gnomon {

class DelaySketch {
 public:
  static constexpr double kRelativeAccuracy = 0.005;

  struct Bucket {
    std::int16_t number = 0;
    std::uint32_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  DelaySketch() = default;
  // Buckets with rising numbers and counts above zero.
  explicit DelaySketch(std::vector<Bucket> buckets);

  static std::int16_t bucket_of(Nanoseconds delay);
  // The value that stands for a bucket: within kRelativeAccuracy of each delay in it.
  static Nanoseconds value_of(std::int16_t bucket);

  void add(Nanoseconds delay) { add_bucket(bucket_of(delay), 1); }
  void add_bucket(std::int16_t number, std::uint32_t count);
  void merge(const DelaySketch& other);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  // The sample of rank floor(q·(count−1)), q in [0, 1]; nothing when empty.
  [[nodiscard]] std::optional<Nanoseconds> quantile(double q) const;
  // Sorted by number, each with a count above zero.
  [[nodiscard]] std::span<const Bucket> buckets() const { return buckets_; }

 private:
  std::vector<Bucket> buckets_;
  std::uint64_t count_ = 0;
};

}  // namespace gnomon
