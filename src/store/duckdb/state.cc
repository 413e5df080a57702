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
  std::vector<Field> list = {{"format", std::to_string(state.format)},     {"changes", std::to_string(state.changes)},
                             {"position", std::to_string(state.position)}, {"windows", std::to_string(state.windows)},
                             {"clock_ms", std::to_string(state.clock_ms)}, {"next_run", std::to_string(state.next_run)},
                             {"seen_run", std::to_string(state.seen_run)}};
  for (std::size_t l = 0; l < kLevels; ++l) {
    const State::PerLevel& level = state.levels[l];
    const auto name = to_string(static_cast<Level>(l));
    list.push_back({fmt::format("rolled_before_{}", name), std::to_string(level.rolled_before_ms)});
    list.push_back({fmt::format("keep_{}", name), level.keep_ms ? std::to_string(*level.keep_ms) : "NULL"});
    list.push_back({fmt::format("removed_before_{}", name), std::to_string(level.removed_before_ms)});
  }
  return list;
}

constexpr std::string_view kRunColumns =
    "id BIGINT, level INTEGER, method VARCHAR, row_count UBIGINT, newest_ms BIGINT, rolled_before_ms BIGINT";

Status read_runs(Connection& connection, std::vector<Run>& runs) {
  auto rows = connection.query("SELECT * FROM run ORDER BY id", "read state");
  if (!rows) return tl::unexpected(rows.error());
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < rows->size(); ++i) {
      runs.push_back({rows->integer(0, i), static_cast<Level>(rows->integer(1, i)), rows->text(2, i),
                      rows->natural(3, i), rows->integer(4, i), rows->integer(5, i)});
    }
  }
}

Status write_runs(Connection& connection, const std::vector<Run>& runs) {
  if (auto status = connection.run("DELETE FROM run", "write state"); !status) return status;
  std::vector<std::vector<Cell>> rows;
  for (const Run& run : runs) {
    rows.push_back({run.id, static_cast<std::int64_t>(run.level), std::string_view(run.method), run.rows, run.newest_ms,
                    run.rolled_before_ms});
  }
  return connection.append("run", rows);
}

}  // namespace

CompleteFrom State::complete() const {
  CompleteFrom from;
  for (std::size_t l = 0; l < kLevels; ++l) {
    from[l] = WallTime{std::chrono::milliseconds(levels[l].removed_before_ms)};
  }
  return from;
}

std::uint64_t State::waiting_rows(Level level) const {
  std::uint64_t rows = 0;
  for (const Run& run : runs) {
    if (run.level == level && !run.is_rolled()) rows += run.rows;
  }
  return rows;
}

Status create_state(Connection& connection, const State& state) {
  std::string columns, values;
  for (const Field& f : fields(state)) {
    columns += fmt::format("{}{} BIGINT", columns.empty() ? "" : ", ", f.name);
    values += (values.empty() ? "" : ", ") + f.value;
  }
  return connection.run(fmt::format("CREATE TABLE state ({}); INSERT INTO state VALUES ({}); CREATE TABLE run ({})",
                                    columns, values, kRunColumns),
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
  state.changes = rows->natural(1, 0);
  state.position = rows->natural(2, 0);
  state.windows = rows->natural(3, 0);
  state.clock_ms = rows->integer(4, 0);
  state.next_run = rows->integer(5, 0);
  state.seen_run = rows->integer(6, 0);
  for (std::size_t l = 0; l < kLevels; ++l) {
    const std::size_t at = 7 + 3 * l;
    State::PerLevel& level = state.levels[l];
    level.rolled_before_ms = rows->integer(at, 0);
    if (!rows->is_null(at + 1, 0)) level.keep_ms = rows->integer(at + 1, 0);
    level.removed_before_ms = rows->integer(at + 2, 0);
  }
  if (auto status = read_runs(connection, state.runs); !status) return tl::unexpected(status.error());
  return state;
}

Status write_state(Connection& connection, const State& state) {
  std::string set;
  for (const Field& f : fields(state)) set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", f.name, f.value);
  if (auto status = connection.run("UPDATE state SET " + set, "write state"); !status) return status;
  return write_runs(connection, state.runs);
}

}  // namespace gnomon::store::duckdb
