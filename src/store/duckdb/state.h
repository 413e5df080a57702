#pragma once

// Tables `state` and `rolled`, of one row each, and `run`: how far the journal is applied, what is kept, what is rolled
// up.
//
// Two sides write them at once, each in transactions of its own, and no row is changed by both: the one that applies
// has `state` and adds runs of windows; the one that sums up has `rolled`, adds runs of sums, and changes and strikes
// out runs that it has found. Who holds off both may do as either.

#include <array>
#include <vector>

#include "store/duckdb/connection.h"
#include "store/store.h"
#include "store/time_grid.h"

namespace gnomon::store::duckdb {

// The format of our tables. A file of a later format is refused; one of format 2 is brought up to it when it is opened;
// an earlier one is remade by `gnomon rebuild`.
inline constexpr std::int64_t kFormat = 3;

enum class Side { kApplying, kSumming };

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
  friend bool operator==(const Run&, const Run&) = default;
};

struct State {
  std::int64_t format = kFormat;
  std::uint64_t changes = 0;   // transactions so far: tells whether one that seemed to fail is in the file
  std::uint64_t position = 0;  // journal records in the tables
  std::uint64_t windows = 0;   // windows ever written into the tables
  std::int64_t clock_ms = 0;   // the time of the windows: the middle of those that came last
  std::int64_t next_run = 1;   // above every number of a run that this side gave out
  struct Kept {
    std::optional<std::int64_t> keep_ms;  // retention
    std::int64_t removed_before_ms = 0;   // rows that start earlier were removed
  };
  std::array<Kept, kLevels> levels;

  struct Rolled {
    std::uint64_t changes = 0;
    std::int64_t next_run = 1;
    std::int64_t seen_run = 0;                      // table path_seen knows the runs below this
    std::array<std::int64_t, kLevels> before_ms{};  // buckets of the level that were closed when it was last made
  };
  Rolled rolled;
  std::vector<Run> runs;  // by id

  void add(Run run);
  [[nodiscard]] std::uint64_t changes_of(Side side) const;
  void count_change(Side side);
  [[nodiscard]] CompleteFrom complete() const;
  // Rows of `level` that may not be in the next one.
  [[nodiscard]] std::uint64_t waiting_rows(Level level) const;
};

Status create_state(Connection& connection, const State& state);
// Brings the tables of format 2 to this one, in the caller's transaction.
Status upgrade_state(Connection& connection);
Result<State> read_state(Connection& connection);
// Writes what differs, which must be the side's to change.
Status write_state(Connection& connection, Side side, const State& before, const State& after);

}  // namespace gnomon::store::duckdb
