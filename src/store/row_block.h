#pragma once

// Some rows of a level table by column, outside any engine: what is appended and what a scan yields. Vectors keep their
// capacity when a block is cleared and filled again. Not thread-safe.

#include <cstdint>
#include <span>
#include <vector>

#include "store/level_columns.h"
#include "store/sketch_code.h"

namespace gnomon::store {

struct RowBlock {
  // Values of ScalarColumn number c; `known[i]` is 0 where row i has no value (value[i] is then 0).
  struct Scalars {
    std::vector<std::int64_t> value;
    std::vector<std::uint8_t> known;
  };
  // Row i's digits (store/sketch_code.h) are [offset[i], offset[i + 1]).
  struct SketchRows {
    std::vector<std::uint32_t> offset{0};
    std::vector<std::uint8_t> digits;
    [[nodiscard]] std::span<const std::uint8_t> of(std::size_t row) const {
      return std::span(digits).subspan(offset[row], offset[row + 1] - offset[row]);
    }
    void end_row() { offset.push_back(static_cast<std::uint32_t>(digits.size())); }
  };

  RowBlock() : scalars(level_columns().scalars.size()), sketches(level_columns().sketches.size()) {}

  std::vector<std::int32_t> path;      // place of the path in the dictionary
  std::vector<std::int64_t> start_ms;  // Unix ms
  std::vector<std::int64_t> windows;   // how many windows the row sums up
  std::vector<Scalars> scalars;        // as level_columns().scalars
  std::vector<SketchRows> sketches;    // as level_columns().sketches; those not fetched stay empty

  [[nodiscard]] std::size_t size() const { return path.size(); }
  // The bucket from which row i's digits of sketch k count.
  [[nodiscard]] std::int16_t near(std::size_t k, std::size_t i) const;
  void clear();
  // Turns the means of rows from `first` on into sums, so that rows of all levels add up alike.
  void weigh_means(std::size_t first);
};

}  // namespace gnomon::store
