#pragma once

// The sum of many sketches. Few buckets are a sorted list. Many that lie close together are an array of counts, so that
// adding a sketch costs its own buckets and not those of the sum: a region's hour takes in the sketches of its paths
// fifty times quicker. The array takes at most twelve times as many places as there are buckets. Counts stay at 2^32
// - 1. Not thread-safe.

#include <span>
#include <vector>

#include "store/sketch_code.h"

namespace gnomon::store {

class BucketSum {
 public:
  // A sketch: rising numbers, counts above zero.
  void add(std::span<const SketchBucket> sketch);
  // Asks the processor for the memory that a sketch of about bucket `number` will be added to.
  void expect(std::int16_t number) const;
  // Keeps its memory.
  void clear();
  // Rising numbers, counts above zero.
  [[nodiscard]] std::vector<SketchBucket> buckets() const;
  // The same without a copy where that can be, else in `room`; valid until either changes.
  [[nodiscard]] std::span<const SketchBucket> buckets(std::vector<SketchBucket>& room) const;

 private:
  [[nodiscard]] bool is_array() const { return !counts_.empty(); }
  void add_to_list(std::span<const SketchBucket> sketch);
  void make_array();
  // Makes places for numbers from `first` to `last`; false when there would be too many.
  bool reach(int first, int last);

  std::vector<SketchBucket> list_;     // empty while there is an array
  std::vector<std::uint32_t> counts_;  // the array: of buckets low_, low_ + 1, …
  int low_ = 0;
  std::size_t used_ = 0;  // counts_ above zero
};

}  // namespace gnomon::store
