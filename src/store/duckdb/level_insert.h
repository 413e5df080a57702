#pragma once

// Rows of one run into a level table, a block at a time, through DuckDB's INSERT from a table function: rows go
// straight into the row groups that are written to the file. (The appender gathers 204,800 rows in a collection first:
// a copy more of each row, and memory.)

#include <functional>
#include <memory>

#include "store/duckdb/connection.h"
#include "store/row_block.h"

namespace gnomon::store::duckdb {

// Replaces the block by the next rows; false at the end. Called until then from one thread at a time, which need not be
// that of the caller; must not use the connection that inserts.
using RowSource = std::function<Result<bool>(RowBlock&)>;

// One for a writer's connection. Not thread-safe.
class LevelInsert {
 public:
  // `function`: the name by which the database knows where the rows come from; not that of another one.
  static Result<LevelInsert> open(Connection& writer, const std::string& function);
  LevelInsert(LevelInsert&&) noexcept;
  LevelInsert& operator=(LevelInsert&&) noexcept;
  ~LevelInsert();

  // The rows come by path, then start, and become visible with the connection's transaction. An error of the source is
  // returned as it is; the transaction is then lost.
  Status insert(Connection& writer, Level level, std::int64_t run, const RowSource& source);

 private:
  struct Feed;
  explicit LevelInsert(std::shared_ptr<Feed> feed);
  std::shared_ptr<Feed> feed_;
};

}  // namespace gnomon::store::duckdb
