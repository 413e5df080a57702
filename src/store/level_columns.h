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

// The scalar from which a level's table keeps the distance: none for the sums that rollups keep instead of means.
std::optional<std::size_t> near_of(const ScalarColumn& column, Level level);

// Length of a level's bucket; zero for kRaw.
Nanoseconds bucket_of(Level level);
// "raw", "1m", "1h", "1d".
std::string_view to_string(Level level);

}  // namespace gnomon::store
