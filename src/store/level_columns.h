#pragma once

// The columns of the level tables: which of the schema's columns they keep, and how rows add up. Both engines take
// their tables from here. Built once, immutable, thread-safe.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/columns.h"
#include "store/point.h"

namespace gnomon::store {

// A number column that is aggregated. In rollups a kMean column holds the sum of mean × received instead, so that rows
// stay additive; it is then called NAME_sum.
struct ScalarColumn {
  std::string name;
  std::size_t place = 0;  // in schema::delay_columns()
  schema::ColumnKind kind{};
  schema::Aggregation aggregation{};
  std::optional<std::int64_t> unknown;
  std::optional<std::size_t> near;  // among the scalars: tables keep the distance from it, see near_of()
};

struct SketchColumn {
  std::string name;
  std::size_t place = 0;
  unsigned bit = 0;                 // of store::Sketches; zero for a sketch that Point does not show
  std::optional<std::size_t> near;  // among the scalars: the least delay of the sketch
};

struct LevelColumns {
  std::vector<ScalarColumn> scalars;
  std::vector<SketchColumn> sketches;
  std::size_t received = 0;  // place of "received" among the scalars
};

const LevelColumns& level_columns();

// Which columns a query reads and adds up; the fewer, the faster.
class ColumnChoice {
 public:
  static constexpr unsigned kEverySketch = ~0U;  // also those that Point does not show
  // `sketches`: bits of store::Sketches, or kEverySketch. With them come the numbers from which their digits count.
  ColumnChoice(Numbers numbers, unsigned sketches);

  [[nodiscard]] bool has_scalar(std::size_t c) const { return scalars_[c]; }  // place among the scalars
  [[nodiscard]] bool has_sketch(std::size_t k) const {                        // place among the sketches
    return sketches_ == kEverySketch || (sketches_ & level_columns().sketches[k].bit) != 0;
  }

 private:
  void add(std::size_t scalar);
  std::vector<bool> scalars_;
  unsigned sketches_;
};

// The scalar from which a level's table keeps the distance: none for the sums that rollups keep instead of means.
std::optional<std::size_t> near_of(const ScalarColumn& column, Level level);

// Length of a level's bucket; zero for kRaw.
Nanoseconds bucket_of(Level level);
// "raw", "1m", "1h", "1d".
std::string_view to_string(Level level);

}  // namespace gnomon::store
