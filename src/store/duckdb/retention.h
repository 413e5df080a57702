#pragma once

// How much is kept, and what it takes on disk. The writing functions run under the mutexes of both
// who write.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

Status keep_level(Engine& engine, Level level, std::optional<Nanoseconds> keep);
Status remove_old(Engine& engine, WallTime now);
Status compact_tables(Engine& engine);
Result<StorageUse> read_storage(Engine& engine);

}  // namespace gnomon::store::duckdb
