#pragma once

// A recording: the journal of a data folder, for rows that measure what its windows take on disk.
//
// GNOMON_BENCH_DATA=DIR names a folder that was recorded before; without it the lab measures for a while.

#include <cstdint>
#include <functional>
#include <memory>

#include "bench/row.h"
#include "journal/journal.h"

namespace gnomon::bench {

struct Recording {
  std::unique_ptr<journal::Journal> journal;
  std::uint64_t journal_bytes = 0;  // as recorded
};

// Opens a copy under `options.scratch`, so that the recorded folder stays as it is. The lab measures for
// `options.seconds`, or `seconds` if nothing was said.
Result<Recording> open_recording(const RunOptions& options, double seconds);

// Every batch in order; `record` is its index. The first error ends it.
Status each_batch(const journal::Journal& journal,
                  const std::function<Status(std::uint64_t record, const schema::VerifiedBatch& batch)>& visit);

}  // namespace gnomon::bench
