#pragma once

// Summing rows of one level up into the next. All under Engine::writing.

#include "store/duckdb/engine.h"

namespace gnomon::store::duckdb {

// Sums up whatever waits for long enough or in large enough numbers. A failure leaves everything as it was.
Status roll_when_due(Engine& engine);
// Sums up all that waits, through all levels.
Status roll_all(Engine& engine);

}  // namespace gnomon::store::duckdb
