#pragma once

// The writing side: journal ranges into the tail, the tail into a run of raw rows. All under the mutex of
// Engine::applying.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

struct Applied {
  bool flushed = false;  // so that sums may be due
};
Result<Applied> apply_batches(Engine& engine, std::span<const AppliedBatch> batches, JournalPosition from,
                              JournalPosition up_to);

// Writes the tail, however small, in one transaction with the journal position.
Status flush(Engine& engine);

}  // namespace gnomon::store::duckdb
