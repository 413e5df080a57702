#pragma once

// Runs of a level into the next one, and small runs into large ones.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

// What is due after a flush. Under the mutex of Engine::summing.
Status roll_when_due(Engine& engine);
// Everything up to the last window. Under the mutexes of both who write.
Status roll_all(Engine& engine);
// DuckDB's log into the tables, which it does not do by itself while the other side writes. Under the mutexes of both.
Status write_log_when_long(Engine& engine);

}  // namespace gnomon::store::duckdb
