#include "store/duckdb/state.h"

#include "store/level_columns.h"

namespace gnomon::store::duckdb {

namespace {

// Names and values in one order for all statements.
struct Field {
  std::string name;
  std::string value;
};
using Fields = std::vector<Field>;

Fields state_fields(const State& state) {
  Fields list = {{"format", std::to_string(state.format)},     {"changes", std::to_string(state.changes)},
                 {"position", std::to_string(state.position)}, {"windows", std::to_string(state.windows)},
                 {"clock_ms", std::to_string(state.clock_ms)}, {"next_run", std::to_string(state.next_run)}};
  for (std::size_t l = 0; l < kLevels; ++l) {
    const State::Kept& level = state.levels[l];
    const auto name = to_string(static_cast<Level>(l));
    list.push_back({fmt::format("keep_{}", name), level.keep_ms ? std::to_string(*level.keep_ms) : "NULL"});
    list.push_back({fmt::format("removed_before_{}", name), std::to_string(level.removed_before_ms)});
  }
  return list;
}

Fields rolled_fields(const State::Rolled& rolled) {
  Fields list = {{"changes", std::to_string(rolled.changes)},
                 {"next_run", std::to_string(rolled.next_run)},
                 {"seen_run", std::to_string(rolled.seen_run)}};
  for (std::size_t l = 0; l < kLevels; ++l) {
    list.push_back(
        {fmt::format("rolled_before_{}", to_string(static_cast<Level>(l))), std::to_string(rolled.before_ms[l])});
  }
  return list;
}

std::string names_of(const Fields& fields) {
  std::string names;
  for (const Field& f : fields) names += (names.empty() ? "" : ", ") + f.name;
  return names;
}

std::string create_table(std::string_view table, const Fields& fields) {
  std::string columns, values;
  for (const Field& f : fields) {
    columns += fmt::format("{}{} BIGINT", columns.empty() ? "" : ", ", f.name);
    values += (values.empty() ? "" : ", ") + f.value;
  }
  return fmt::format("CREATE TABLE {0} ({1}); INSERT INTO {0} VALUES ({2});", table, columns, values);
}

std::string update_table(std::string_view table, const Fields& fields) {
  std::string set;
  for (const Field& f : fields) set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", f.name, f.value);
  return fmt::format("UPDATE {} SET {}", table, set);
}

constexpr std::string_view kRunColumns =
    "id BIGINT, level INTEGER, method VARCHAR, row_count UBIGINT, newest_ms BIGINT, rolled_before_ms BIGINT";

// The only row of a table.
Result<Rows> read_row(Connection& connection, std::string_view table, const Fields& fields) {
  auto rows = connection.query(fmt::format("SELECT {} FROM {}", names_of(fields), table), "read state");
  if (!rows) return tl::unexpected(rows.error());
  const auto more = rows->next();
  if (!more) return tl::unexpected(more.error());
  if (!*more) {
    return failure(ErrorCode::kCorrupt, "read state", "store", fmt::format("table {} has no row", table),
                   "run `gnomon rebuild DIR` to remake the tables from the journal");
  }
  return rows;
}

Status read_rolled(Connection& connection, State::Rolled& rolled) {
  const auto row = read_row(connection, "rolled", rolled_fields({}));
  if (!row) return tl::unexpected(row.error());
  rolled.changes = row->natural(0, 0);
  rolled.next_run = row->integer(1, 0);
  rolled.seen_run = row->integer(2, 0);
  for (std::size_t l = 0; l < kLevels; ++l) rolled.before_ms[l] = row->integer(3 + l, 0);
  return {};
}

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

const Run* find_run(const State& state, std::int64_t id) {
  const auto at = std::ranges::lower_bound(state.runs, id, {}, &Run::id);
  return at != state.runs.end() && at->id == id ? &*at : nullptr;
}

// Rows that stay are not touched: the other side may be adding to them.
Status write_runs(Connection& connection, const State& before, const State& after) {
  std::string gone;
  for (const Run& run : before.runs) {
    const Run* now = find_run(after, run.id);
    if (now == nullptr) gone += fmt::format("{}{}", gone.empty() ? "" : ", ", run.id);
    if (now == nullptr || *now == run) continue;
    const auto update =
        fmt::format("UPDATE run SET rolled_before_ms = {} WHERE id = {}", now->rolled_before_ms, run.id);
    if (auto status = connection.run(update, "write state"); !status) return status;
  }
  if (!gone.empty()) {
    auto status = connection.run(fmt::format("DELETE FROM run WHERE id IN ({})", gone), "write state");
    if (!status) return status;
  }
  std::vector<std::vector<Cell>> rows;
  for (const Run& run : after.runs) {
    if (find_run(before, run.id) != nullptr) continue;
    rows.push_back({run.id, static_cast<std::int64_t>(run.level), std::string_view(run.method), run.rows, run.newest_ms,
                    run.rolled_before_ms});
  }
  return connection.append("run", rows);
}

}  // namespace

void State::add(Run run) {
  runs.insert(std::ranges::lower_bound(runs, run.id, {}, &Run::id), std::move(run));
}

std::uint64_t State::changes_of(Side side) const {
  return side == Side::kApplying ? changes : rolled.changes;
}

void State::count_change(Side side) {
  ++(side == Side::kApplying ? changes : rolled.changes);
}

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
  return connection.run(fmt::format("{} {} CREATE TABLE run ({})", create_table("state", state_fields(state)),
                                    create_table("rolled", rolled_fields(state.rolled)), kRunColumns),
                        "create tables");
}

Status upgrade_state(Connection& connection) {
  // The table of format 2 has the columns of both.
  return connection.run(
      fmt::format("CREATE TABLE rolled AS SELECT {} FROM state;"
                  "CREATE TABLE later_state AS SELECT {} FROM (SELECT * REPLACE ({}::BIGINT AS format) FROM state);"
                  "DROP TABLE state; ALTER TABLE later_state RENAME TO state",
                  names_of(rolled_fields({})), names_of(state_fields({})), kFormat),
      "bring the tables to the format of this program");
}

Result<State> read_state(Connection& connection) {
  const auto row = read_row(connection, "state", state_fields({}));
  if (!row) return tl::unexpected(row.error());
  State state;
  state.format = row->integer(0, 0);
  state.changes = row->natural(1, 0);
  state.position = row->natural(2, 0);
  state.windows = row->natural(3, 0);
  state.clock_ms = row->integer(4, 0);
  state.next_run = row->integer(5, 0);
  for (std::size_t l = 0; l < kLevels; ++l) {
    const std::size_t at = 6 + 2 * l;
    State::Kept& level = state.levels[l];
    if (!row->is_null(at, 0)) level.keep_ms = row->integer(at, 0);
    level.removed_before_ms = row->integer(at + 1, 0);
  }
  if (auto status = read_rolled(connection, state.rolled); !status) return tl::unexpected(status.error());
  if (auto status = read_runs(connection, state.runs); !status) return tl::unexpected(status.error());
  return state;
}

Status write_state(Connection& connection, Side side, const State& before, const State& after) {
  const std::string update = side == Side::kApplying ? update_table("state", state_fields(after))
                                                     : update_table("rolled", rolled_fields(after.rolled));
  if (auto status = connection.run(update, "write state"); !status) return status;
  return write_runs(connection, before, after);
}

}  // namespace gnomon::store::duckdb
