#pragma once

// What is read of a level table: its columns as SQL, and a chunk of them as rows.

#include <string>

#include "store/row_block.h"

struct _duckdb_data_chunk;

namespace gnomon::store::duckdb {

// The list of a SELECT.
std::string columns_to_read(Level level, const ColumnChoice& choice);
// Replaces the chosen columns of `rows` by those of the chunk, where columns_to_read() begin at column `first`. kMean
// columns come as sums.
void read_chunk(_duckdb_data_chunk* chunk, std::size_t first, Level level, const ColumnChoice& choice, RowBlock& rows);

}  // namespace gnomon::store::duckdb
