#pragma once

// Tables `state`, of one row, and `run`: how far the journal is applied, what is rolled up, what is kept.

#include <array>
#include <vector>

#include "store/duckdb/connection.h"
#include "store/store.h"
#include "store/time_grid.h"

namespace gnomon::store::duckdb {

// The format of our tables. A file of a later format is refused; an earlier one is remade by `gnomon rebuild`.
inline constexpr std::int64_t kFormat = 2;

// Rows of one method's paths that were appended at once and lie by path, then time: of one method, because others do
// not know the same columns, and what is unknown would take as much room as what is known. It is listed as long as
// something is to be done with it.
struct Run {
  std::int64_t id = 0;
  Level level = Level::kRaw;
  std::string method;
  std::uint64_t rows = 0;
  std::int64_t newest_ms = 0;
  // Its rows that start earlier are summed up in the next level.
  std::int64_t rolled_before_ms = 0;
  [[nodiscard]] bool is_rolled() const { return newest_ms < rolled_before_ms; }
};

struct State {
  std::int64_t format = kFormat;
  std::uint64_t changes = 0;   // transactions so far: tells whether one that seemed to fail is in the file
  std::uint64_t position = 0;  // journal records in the tables
  std::uint64_t windows = 0;   // windows ever written into the tables
  std::int64_t clock_ms = 0;   // the time of the windows: the middle of those that came last
  std::int64_t next_run = 1;
  std::int64_t seen_run = 0;  // table path_seen knows the runs below this

  struct PerLevel {
    std::int64_t rolled_before_ms = 0;    // buckets of this level that were closed when it was last made
    std::optional<std::int64_t> keep_ms;  // retention
    std::int64_t removed_before_ms = 0;   // rows that start earlier were removed
  };
  std::array<PerLevel, kLevels> levels;
  std::vector<Run> runs;  // by id

  [[nodiscard]] CompleteFrom complete() const;
  // Rows of `level` that may not be in the next one.
  [[nodiscard]] std::uint64_t waiting_rows(Level level) const;
};

Status create_state(Connection& connection, const State& state);
Result<State> read_state(Connection& connection);
Status write_state(Connection& connection, const State& state);

}  // namespace gnomon::store::duckdb
