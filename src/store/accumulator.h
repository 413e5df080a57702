#pragma once

// Adds rows up, by the aggregations of the schema: the one place where windows become rollups and rollups become
// answers.
//
// A slot is what one sum stands for: a path and a minute, a group and an hour. Adding is associative and commutative,
// so the order of rows and the level they come from do not matter. Sums that leave 64 bits stay at the limit, packets
// of a bucket at 2^32 - 1. Not thread-safe.

#include <span>

#include "store/bucket_sum.h"
#include "store/row_block.h"

namespace gnomon::store {

class Accumulator {
 public:
  // Adds up the chosen columns only; rows need not have others.
  explicit Accumulator(ColumnChoice choice);

  // Slots are numbered from 0; new ones start empty.
  void resize(std::size_t slots);
  // Empties every slot and sets their number; memory is kept for the next sums.
  void restart(std::size_t slots);
  [[nodiscard]] std::size_t slots() const { return windows_.size(); }

  // Row first + i goes into slot[i]; a negative slot leaves it out. kMean columns of `rows` hold sums (see
  // ScalarColumn).
  void add(const RowBlock& rows, std::size_t first, std::span<const std::int32_t> slot);
  void add(const RowBlock& rows, std::span<const std::int32_t> slot) { add(rows, 0, slot); }

  [[nodiscard]] bool empty(std::size_t slot) const { return windows_[slot] == 0; }
  // Everything but start and span.
  [[nodiscard]] Point point(std::size_t slot) const;
  // Appends the slot as a row of a rollup table. Only for a choice of every column.
  void append_to(RowBlock& rows, std::size_t slot, std::int32_t path, std::int64_t start_ms) const;

 private:
  struct Scalars {
    std::vector<std::int64_t> value;
    std::vector<std::uint8_t> known;
  };
  void add_scalar(std::size_t column, const RowBlock::Scalars& rows, std::size_t first,
                  std::span<const std::int32_t> slot);

  void add_sketches(std::size_t column, const RowBlock& rows, std::size_t first, std::span<const std::int32_t> slot);

  ColumnChoice choice_;
  std::vector<std::int64_t> windows_;
  std::vector<Scalars> scalars_;                  // those not wanted stay empty
  std::vector<std::vector<BucketSum>> sketches_;  // of each slot; those not wanted stay empty
  std::vector<SketchBucket> read_;                // reused from row to row
  std::vector<std::int16_t> near_;                // of the rows of a block
};

}  // namespace gnomon::store
