#pragma once

// Runs of a level into the next one, and small runs into large ones. All under Engine::writing.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

// What is due after a flush.
Status roll_when_due(Engine& engine);
// Everything up to the last window.
Status roll_all(Engine& engine);
// Before the store is closed: the tail goes into the file.
Status close_tables(Engine& engine);

}  // namespace gnomon::store::duckdb
