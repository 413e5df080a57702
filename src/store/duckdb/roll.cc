#include "store/duckdb/roll.h"

#include "store/duckdb/apply.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/run_merge.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();
// Runs that are read at once. Each holds some blocks of every column in memory; what is left over goes in another pass
// and leaves partial rows.
constexpr std::size_t kFanIn = 24;
// A run of so many rows is not merged with others: a path's rows are few of them.
constexpr std::uint64_t kLargeRun = 2'000'000;
// Rows that wait for the minute table before it is made, unless ten minutes have passed.
constexpr std::uint64_t kManyRows = 4'000'000;
constexpr std::int64_t kLongMs = 600'000;
// A bucket is closed this long after its end, by the windows' own time: batches come some seconds apart.
constexpr std::int64_t kGraceMs = 15'000;
// Log length at which it is written into the tables.
constexpr std::uint64_t kMostLogBytes = 16ULL << 20;

std::int64_t bucket_ms(Level level) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(bucket_of(level)).count();
}

// How much window time is gathered before small runs of a level become one.
std::int64_t merge_span_ms(Level level) {
  return std::chrono::milliseconds(level == Level::kMinute ? std::chrono::hours(6) : std::chrono::hours(24)).count();
}

// A run is listed while it waits: to be rolled up, or (minutes, hours) to be merged with its neighbours.
bool is_done(const Run& run) {
  const bool merges = run.level == Level::kMinute || run.level == Level::kHour;
  return run.level == Level::kDay || (run.is_rolled() && (!merges || run.rows >= kLargeRun));
}

// Does `work` for runs of one method at a time, not more than are read at once.
template <typename Work>
Status in_parts(std::vector<Run> runs, const Work& work) {
  std::ranges::stable_sort(runs, {}, &Run::method);
  for (std::size_t first = 0, last = 0; first < runs.size(); first = last) {
    while (last < runs.size() && last - first < kFanIn && runs[last].method == runs[first].method) ++last;
    if (auto status = work(std::span<const Run>(runs).subspan(first, last - first)); !status) return status;
  }
  return {};
}

Status roll_part(Engine& engine, Level to, std::span<const Run> runs, std::int64_t before_ms) {
  auto transaction = Transaction::begin(engine.summing.connection());
  if (!transaction) return tl::unexpected(transaction.error());
  std::vector<RunPart> parts;
  for (const Run& run : runs) parts.push_back({run.id, run.rolled_before_ms, before_ms});
  const auto from = static_cast<Level>(static_cast<int>(to) - 1);
  const std::int64_t id = engine.take_run();
  const auto merged = merge_runs(engine, parts, from, to, id);
  if (!merged) return tl::unexpected(merged.error());
  const Run made{id, to, runs.front().method, merged->rows, merged->newest_ms, 0};
  const auto edit = [parts, before_ms, made, next_run = engine.next_run()](State& state) {
    for (Run& run : state.runs) {
      if (std::ranges::find(parts, run.id, &RunPart::run) != parts.end()) run.rolled_before_ms = before_ms;
    }
    if (made.rows > 0) state.add(made);
    std::erase_if(state.runs, is_done);
    state.rolled.next_run = next_run;
  };
  return engine.commit(engine.summing, *transaction, edit);
}

// Sums up what starts before `before_ms` and is not yet in `to`.
Status roll(Engine& engine, Level to, std::int64_t before_ms) {
  std::vector<Run> waiting;
  const auto state = engine.state();
  for (const Run& run : state->runs) {
    const bool is_finer = static_cast<int>(run.level) + 1 == static_cast<int>(to);
    if (is_finer && !run.is_rolled() && run.rolled_before_ms < before_ms) waiting.push_back(run);
  }
  return in_parts(std::move(waiting),
                  [&](std::span<const Run> part) { return roll_part(engine, to, part, before_ms); });
}

Status merge_part(Engine& engine, Level level, std::span<const Run> small) {
  std::string ids;
  std::vector<RunPart> parts;
  for (const Run& run : small) {
    parts.push_back({run.id, 0, kEver});
    ids += fmt::format("{}{}", ids.empty() ? "" : ",", run.id);
  }
  Connection& connection = engine.summing.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  const auto merged = merge_runs(engine, parts, level, level, engine.take_run());
  if (!merged) return tl::unexpected(merged.error());
  auto status = connection.run(fmt::format("DELETE FROM {} WHERE run IN ({})", table_of(level), ids), "merge runs");
  if (!status) return status;
  return engine.commit(engine.summing, *transaction, [parts, next_run = engine.next_run()](State& state) {
    std::erase_if(state.runs,
                  [&](const Run& r) { return std::ranges::find(parts, r.id, &RunPart::run) != parts.end(); });
    state.rolled.next_run = next_run;
  });
}

// Makes few runs of the finished small ones of a level, so that a path's rows lie together.
Status merge(Engine& engine, Level level) {
  std::vector<Run> small;
  const auto state = engine.state();
  for (const Run& run : state->runs) {
    if (run.level == level && run.is_rolled() && run.rows < kLargeRun) small.push_back(run);
  }
  return in_parts(std::move(small), [&](std::span<const Run> part) -> Status {
    return part.size() < 2 ? Status{} : merge_part(engine, level, part);
  });
}

// The first time whose bucket of `to` is not yet closed.
std::int64_t closed_before(const State& state, Level to) {
  const std::int64_t clock_ms =
      to == Level::kMinute ? state.clock_ms - kGraceMs : state.rolled.before_ms[static_cast<std::size_t>(to) - 1];
  return std::max<std::int64_t>(0, clock_ms - clock_ms % bucket_ms(to));
}

Status note_rolled(Engine& engine, Level to, std::int64_t before_ms) {
  Connection& connection = engine.summing.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  std::optional<std::int64_t> seen_run;
  if (to == Level::kHour) {
    // A run has its number after its windows were seen.
    seen_run = engine.next_run();
    if (auto status = engine.dictionary.write_seen(connection, engine.naming); !status) return status;
  }
  return engine.commit(engine.summing, *transaction, [to, before_ms, seen_run](State& state) {
    state.rolled.before_ms[static_cast<std::size_t>(to)] = before_ms;
    if (seen_run) state.rolled.seen_run = *seen_run;
  });
}

}  // namespace

Status roll_when_due(Engine& engine) {
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    const auto state = engine.state();
    const std::int64_t before_ms = closed_before(*state, to);
    const std::int64_t done_ms = state->rolled.before_ms[static_cast<std::size_t>(to)];
    if (before_ms <= done_ms) break;
    if (to == Level::kMinute && before_ms - done_ms < kLongMs && state->waiting_rows(Level::kRaw) < kManyRows) break;
    if (auto status = roll(engine, to, before_ms); !status) return status;
    if (auto status = note_rolled(engine, to, before_ms); !status) return status;
    const auto from = static_cast<Level>(static_cast<int>(to) - 1);
    const std::int64_t span_ms = from == Level::kRaw ? 0 : merge_span_ms(from);
    if (span_ms > 0 && before_ms / span_ms > done_ms / span_ms) {
      if (auto status = merge(engine, from); !status) return status;
    }
  }
  return {};
}

Status write_log_when_long(Engine& engine) {
  std::error_code fault;
  const auto bytes = std::filesystem::file_size(engine.file().string() + ".wal", fault);
  if (fault || bytes < kMostLogBytes) return {};
  return engine.applying.connection().checkpoint();
}

Status roll_all(Engine& engine) {
  if (auto status = flush(engine); !status) return status;
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    if (auto status = roll(engine, to, kEver); !status) return status;
  }
  return {};
}

}  // namespace gnomon::store::duckdb
