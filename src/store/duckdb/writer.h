#pragma once

// One of the two that write a store: its connection, its way to put rows into tables, and what it was about to change
// when a commit failed. Used by one thread at a time, under its mutex.

#include <functional>
#include <mutex>
#include <optional>

#include "store/duckdb/connection.h"
#include "store/duckdb/level_insert.h"
#include "store/duckdb/state.h"

namespace gnomon::store::duckdb {

using StateEdit = std::function<void(State&)>;
// An edit whose transaction may be in the file.
struct PendingEdit {
  StateEdit edit;
  bool is_flush = false;
};

class Writer {
 public:
  explicit Writer(Side side) : side_(side) {}

  std::mutex mutex;
  [[nodiscard]] Side side() const { return side_; }

  Status connect(const std::shared_ptr<Database>& database);
  void disconnect();
  [[nodiscard]] Connection& connection() { return *connection_; }
  // Rows of a run, in the connection's transaction.
  Status insert(Level level, std::int64_t run, const RowSource& source) {
    return insert_->insert(*connection_, level, run, source);
  }
  std::optional<PendingEdit> pending;

 private:
  Side side_;
  std::optional<Connection> connection_;
  std::optional<LevelInsert> insert_;
};

}  // namespace gnomon::store::duckdb
