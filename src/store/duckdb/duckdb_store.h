#pragma once

// The embedded engine: one DuckDB file and its write-ahead log beside it.
//
// Rollups form a cascade. apply() adds raw rows only; from time to time the raw rows that came since the last time are
// summed up into window_1m, its new rows into window_1h, those into window_1d, each step one transaction together with
// the journal record up to which it went. A query at a level reads that level's rows and, of each finer level, only the
// rows that are not yet summed up: so answers are always whole, a crash between steps changes nothing, and a late
// window merely adds another partial row for its minute.

#include <filesystem>
#include <memory>

#include "core/error.h"
#include "store/store.h"

namespace gnomon::store::duckdb {

struct Options {
  int threads = 2;
  std::uint64_t memory_bytes = 512ULL << 20;
  // Rows of a level that may wait before they are summed up, at least; more when there are many paths.
  std::uint64_t roll_rows = 250'000;
  // Retention of a new store; an existing one keeps its own.
  std::array<std::optional<Nanoseconds>, kLevels> keep = {std::chrono::hours(24 * 14), std::chrono::hours(24 * 90),
                                                          std::chrono::hours(24 * 730), std::nullopt};
};

// Opens `file`, or makes it. kConflict when another program has it open; kCorrupt or kUnsupported when it must be
// rebuilt.
Result<std::unique_ptr<Store>> open(const std::filesystem::path& file, const Options& options = {});

// Removes the file and what belongs to it, so that open() starts an empty store.
Status remove(const std::filesystem::path& file);
// Puts a finished store in the place of another, after both were closed.
Status replace(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace gnomon::store::duckdb
