#pragma once

// Which level and step answer a query. Pure functions.

#include <array>
#include <optional>

#include "core/clock.h"
#include "store/store.h"

namespace gnomon::store {

// Per level: windows that start before this were removed. 1970 when nothing was.
using CompleteFrom = std::array<WallTime, kLevels>;

struct Grid {
  Level level = Level::kRaw;
  Nanoseconds step{};
};

// The finest step of the ladder (10 s … 12 h, then days) that gives at most `max_points`, at the coarsest level that
// has it; coarser where retention took the finer level's data. `level` forces a level, and the step is then a whole
// bucket.
Grid choose_grid(TimeRange range, std::size_t max_points, std::optional<Level> level, const CompleteFrom& complete);

// The level for one point over the whole range, and its bucket: see Store::summaries.
Level choose_summary_level(TimeRange range, const CompleteFrom& complete);
// The coarsest level whose bucket divides `step` (a multiple of a minute), or coarser by retention.
Level choose_step_level(TimeRange range, Nanoseconds step, const CompleteFrom& complete);

WallTime floor_to(WallTime t, Nanoseconds step);
// `range` widened to whole steps; as it is for a step of zero.
TimeRange widen(TimeRange range, Nanoseconds step);

}  // namespace gnomon::store
