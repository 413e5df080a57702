#pragma once

// The one row of table `state`: how far the journal is applied, how far each level is rolled up, what is kept.

#include <array>

#include "store/duckdb/connection.h"
#include "store/store.h"
#include "store/time_grid.h"

namespace gnomon::store::duckdb {

// The format of our tables. A file of a later format is refused; an earlier one is remade by `gnomon rebuild`.
inline constexpr std::int64_t kFormat = 1;

struct State {
  std::int64_t format = kFormat;
  std::uint64_t position = 0;  // journal records applied
  std::uint64_t windows = 0;   // windows ever applied

  struct PerLevel {
    // Rows of the finer level that come from records below this are summed up in this level. For kRaw: position.
    std::uint64_t rolled = 0;
    std::int64_t rolled_start_ms = 0;     // newest window start when this level was last rolled up
    std::optional<std::int64_t> keep_ms;  // retention
    std::int64_t removed_before_ms = 0;   // rows that start earlier were removed
  };
  std::array<PerLevel, kLevels> levels;

  [[nodiscard]] CompleteFrom complete() const;
};

Status create_state(Connection& connection, const State& state);
Result<State> read_state(Connection& connection);
Status write_state(Connection& connection, const State& state);

}  // namespace gnomon::store::duckdb
