#include "store/duckdb/state.h"

#include "store/level_columns.h"

namespace gnomon::store::duckdb {

namespace {

// Names and values in one order for all three statements.
struct Field {
  std::string name;
  std::string value;
};

std::vector<Field> fields(const State& state) {
  std::vector<Field> list = {{"format", std::to_string(state.format)},
                             {"position", std::to_string(state.position)},
                             {"windows", std::to_string(state.windows)}};
  for (std::size_t l = 0; l < kLevels; ++l) {
    const State::PerLevel& level = state.levels[l];
    const auto name = to_string(static_cast<Level>(l));
    list.push_back({fmt::format("rolled_{}", name), std::to_string(level.rolled)});
    list.push_back({fmt::format("rolled_start_{}", name), std::to_string(level.rolled_start_ms)});
    list.push_back({fmt::format("keep_{}", name), level.keep_ms ? std::to_string(*level.keep_ms) : "NULL"});
    list.push_back({fmt::format("removed_before_{}", name), std::to_string(level.removed_before_ms)});
  }
  return list;
}

}  // namespace

CompleteFrom State::complete() const {
  CompleteFrom from;
  for (std::size_t l = 0; l < kLevels; ++l) {
    from[l] = WallTime{std::chrono::milliseconds(levels[l].removed_before_ms)};
  }
  return from;
}

Status create_state(Connection& connection, const State& state) {
  std::string columns, values;
  for (const Field& f : fields(state)) {
    columns += fmt::format("{}{} BIGINT", columns.empty() ? "" : ", ", f.name);
    values += (values.empty() ? "" : ", ") + f.value;
  }
  return connection.run(fmt::format("CREATE TABLE state ({}); INSERT INTO state VALUES ({})", columns, values),
                        "create tables");
}

Result<State> read_state(Connection& connection) {
  std::string columns;
  for (const Field& f : fields({})) columns += (columns.empty() ? "" : ", ") + f.name;
  auto rows = connection.query("SELECT " + columns + " FROM state", "read state");
  if (!rows) return tl::unexpected(rows.error());
  auto more = rows->next();
  if (!more) return tl::unexpected(more.error());
  if (!*more) {
    return failure(ErrorCode::kCorrupt, "read state", "store", "no row",
                   "run `gnomon rebuild DIR` to remake the tables from the journal");
  }
  State state;
  state.format = rows->integer(0, 0);
  state.position = rows->natural(1, 0);
  state.windows = rows->natural(2, 0);
  for (std::size_t l = 0; l < kLevels; ++l) {
    const std::size_t at = 3 + 4 * l;
    State::PerLevel& level = state.levels[l];
    level.rolled = rows->natural(at, 0);
    level.rolled_start_ms = rows->integer(at + 1, 0);
    if (!rows->is_null(at + 2, 0)) level.keep_ms = rows->integer(at + 2, 0);
    level.removed_before_ms = rows->integer(at + 3, 0);
  }
  return state;
}

Status write_state(Connection& connection, const State& state) {
  std::string set;
  for (const Field& f : fields(state)) set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", f.name, f.value);
  return connection.run("UPDATE state SET " + set, "write state");
}

}  // namespace gnomon::store::duckdb
