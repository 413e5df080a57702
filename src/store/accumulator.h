#pragma once

// Adds rows up, by the aggregations of the schema: the one place where windows become rollups and rollups become
// answers.
//
// A slot is what one sum stands for: a path and a minute, a group and an hour. Adding is associative and commutative,
// so the order of rows and the level they come from do not matter. Sums that leave 64 bits stay at the limit. Not
// thread-safe.

#include <span>

#include "store/row_block.h"

namespace gnomon::store {

// Bucket counts of one slot; like DelaySketch, with 64-bit counts and a merge in one pass.
class BucketSums {
 public:
  struct Bucket {
    std::int16_t number;
    std::uint64_t count;
  };
  void merge(std::span<const std::int16_t> numbers, std::span<const std::uint32_t> counts);
  [[nodiscard]] DelaySketch sketch() const;
  [[nodiscard]] std::span<const Bucket> buckets() const { return buckets_; }
  void clear() { buckets_.clear(); }

 private:
  std::vector<Bucket> buckets_;
};

class Accumulator {
 public:
  // `sketches`: the bits of store::Sketches to merge; kEverySketch also merges those that Point does not show.
  static constexpr unsigned kEverySketch = ~0U;
  explicit Accumulator(unsigned sketches);

  // Slots are numbered from 0; new ones start empty.
  void resize(std::size_t slots);
  [[nodiscard]] std::size_t slots() const { return windows_.size(); }

  // Row i goes into slot[i]; a negative slot leaves it out. kMean columns of `rows` hold sums (see ScalarColumn).
  void add(const RowBlock& rows, std::span<const std::int32_t> slot);

  [[nodiscard]] bool empty(std::size_t slot) const { return windows_[slot] == 0; }
  // Everything but start and span.
  [[nodiscard]] Point point(std::size_t slot) const;
  // Appends the slot as a row of a rollup table.
  void append_to(RowBlock& rows, std::size_t slot, std::int32_t path, std::int64_t start_ms) const;

 private:
  struct Scalars {
    std::vector<std::int64_t> value;
    std::vector<std::uint8_t> known;
  };
  void add_scalar(std::size_t column, const RowBlock::Scalars& rows, std::span<const std::int32_t> slot);

  unsigned wanted_;
  std::vector<std::int64_t> windows_, record_;
  std::vector<Scalars> scalars_;
  std::vector<std::vector<BucketSums>> sketches_;
};

}  // namespace gnomon::store
