#pragma once

// Several runs of a level read side by side, path by path, and summed up: the kernel of rolling up and of merging. Each
// block of the file is read once, and no more than a few thousand sums are in memory.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

// The rows of a run with starts in [from_ms, before_ms).
struct RunPart {
  std::int64_t run = 0;
  std::int64_t from_ms = 0;
  std::int64_t before_ms = 0;
};

struct Merged {
  std::uint64_t rows = 0;  // written
  std::int64_t newest_ms = 0;
};

// Appends the sums of the parts, a row for each path and bucket of `to`, as run `run` of `to`, in the transaction
// of Engine::summing. Gives up when the store is to be closed. `from` may be `to`: partial rows then become whole ones.
Result<Merged> merge_runs(Engine& engine, std::span<const RunPart> parts, Level from, Level to, std::int64_t run);

}  // namespace gnomon::store::duckdb
