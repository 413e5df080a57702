#pragma once

// The writing side: journal ranges into raw rows, raw rows into rollups. All under Engine::writing.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

Status apply_batches(Engine& engine, std::span<const AppliedBatch> batches, JournalPosition from,
                     JournalPosition up_to);

}  // namespace gnomon::store::duckdb
