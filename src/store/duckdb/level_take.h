#pragma once

// Reads the rows of a level table where DuckDB has them: a statement hands each chunk of its columns to a function of
// this program, `gnomon_take`, so that DuckDB copies none into a result (LevelScan's do, which can be read at leisure).
//
// The function belongs to a database and is known to all its connections; each reading goes by a number of its own.
// Thread-safe; the object outlives the readings.

#include <functional>
#include <memory>

#include "store/duckdb/connection.h"
#include "store/row_block.h"

namespace gnomon::store::duckdb {

class LevelTake {
 public:
  // The rows are there for the call only.
  using Sink = std::function<void(const RowBlock& rows)>;

  // Makes the function known in the connection's database.
  static Result<LevelTake> open(Connection& connection);
  LevelTake(LevelTake&&) noexcept;
  LevelTake& operator=(LevelTake&&) noexcept;
  ~LevelTake();

  // Calls `sink` on this thread with some rows at a time, in the order of the table. `where` is SQL without the
  // keyword.
  Status read(Connection& connection, Level level, const std::string& where, const ColumnChoice& choice,
              const Sink& sink) const;

 private:
  struct Readings;
  explicit LevelTake(std::shared_ptr<Readings> readings);
  std::shared_ptr<Readings> readings_;  // DuckDB holds a share of it
};

}  // namespace gnomon::store::duckdb
