#pragma once

// Some rows of a level table by column, outside any engine: what is appended and what a scan yields. Vectors keep their
// capacity when a block is cleared and filled again. Not thread-safe.

#include <cstdint>
#include <vector>

#include "store/level_columns.h"

namespace gnomon::store {

struct RowBlock {
  // Values of ScalarColumn number c; `known[i]` is 0 where row i has no value (value[i] is then 0).
  struct Scalars {
    std::vector<std::int64_t> value;
    std::vector<std::uint8_t> known;
  };
  // Row i's buckets are [offset[i], offset[i + 1]), numbers rising.
  struct SketchRows {
    std::vector<std::uint32_t> offset{0};
    std::vector<std::int16_t> number;
    std::vector<std::uint32_t> count;
  };

  RowBlock() : scalars(level_columns().scalars.size()), sketches(level_columns().sketches.size()) {}

  std::vector<std::int32_t> path;      // place of the path in the dictionary
  std::vector<std::int64_t> start_ms;  // Unix ms
  std::vector<std::int64_t> record;    // the newest journal record that went into the row
  std::vector<std::int64_t> windows;   // how many windows the row sums up
  std::vector<Scalars> scalars;        // as level_columns().scalars
  std::vector<SketchRows> sketches;    // as level_columns().sketches; those not fetched stay empty

  [[nodiscard]] std::size_t size() const { return path.size(); }
  void clear();
};

}  // namespace gnomon::store
