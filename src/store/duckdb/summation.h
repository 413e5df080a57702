#pragma once

// One pass over a level and what is not yet summed up in it: the kernel of every query about windows.

#include <functional>

#include "store/accumulator.h"
#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

struct Pass {
  Level level = Level::kRaw;
  TimeRange range;
  std::vector<std::int32_t> paths;  // places; empty: all
  ColumnChoice columns{Numbers::kAll, kNoSketches};
};

// The slot of row `i` of `rows`, numbered from 0, or negative to leave it out.
using SlotOf = std::function<std::int32_t(const RowBlock& rows, std::size_t i)>;

// `slots` grows `sums` as slot_of hands out new numbers: it returns the number of slots so far.
Status sum_rows(Engine::Reader& reader, const Pass& pass, const SlotOf& slot_of,
                const std::function<std::size_t()>& slots, Accumulator& sums);

}  // namespace gnomon::store::duckdb
