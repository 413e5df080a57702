#pragma once

// The embedded engine: one DuckDB file and its write-ahead log beside it.
//
// apply() adds windows to a tail in memory; from time to time the tail goes into packed_raw as one run, by path and
// time, in one transaction with the journal position. After a crash the journal brings the tail again. Rollups form a
// cascade: the runs of a level are merged by path, and their closed minutes (hours, days) go into the next level as one
// run of it, each step one transaction, by a thread of the store's beside apply(). A query at a level reads that
// level's rows and, of each finer level, only what is not yet summed up; so answers are always whole, and a late window
// merely adds another partial row for its minute. docs/adr/0013-runs-and-a-tail.md and
// 0020-sums-beside-whoever-applies.md have the reasons.

#include <chrono>
#include <filesystem>
#include <memory>

#include "core/error.h"
#include "store/store.h"

namespace gnomon::store::duckdb {

struct Options {
  // Of one statement. With more, a statement's caller waits busily for the others, which costs a third of a core under
  // load and gains little: readers have threads of their own.
  int threads = 1;
  std::uint64_t memory_bytes = 192ULL << 20;
  // Windows that the tail may hold, some 130 bytes each, and for how long, by their own time. A run of fewer than a row
  // group (122,880) of each method would be written twice, through the log.
  std::uint64_t tail_rows = 500'000;
  std::chrono::minutes tail_span{10};
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
