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
  State next = engine.state();
  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  std::vector<RunPart> parts;
  for (const Run& run : runs) parts.push_back({run.id, run.rolled_before_ms, before_ms});
  const auto from = static_cast<Level>(static_cast<int>(to) - 1);
  const auto merged = merge_runs(engine, parts, from, to, next.next_run);
  if (!merged) return tl::unexpected(merged.error());
  for (const Run& done : runs) std::ranges::find(next.runs, done.id, &Run::id)->rolled_before_ms = before_ms;
  if (merged->rows > 0)
    next.runs.push_back({next.next_run++, to, runs.front().method, merged->rows, merged->newest_ms, 0});
  std::erase_if(next.runs, is_done);
  return engine.commit(*transaction, std::move(next), false);
}

// Sums up what starts before `before_ms` and is not yet in `to`.
Status roll(Engine& engine, Level to, std::int64_t before_ms) {
  std::vector<Run> waiting;
  for (const Run& run : engine.state().runs) {
    const bool is_finer = static_cast<int>(run.level) + 1 == static_cast<int>(to);
    if (is_finer && !run.is_rolled() && run.rolled_before_ms < before_ms) waiting.push_back(run);
  }
  return in_parts(std::move(waiting),
                  [&](std::span<const Run> part) { return roll_part(engine, to, part, before_ms); });
}

Status merge_part(Engine& engine, Level level, std::span<const Run> small) {
  State next = engine.state();
  std::string ids;
  std::vector<RunPart> parts;
  for (const Run& run : small) {
    parts.push_back({run.id, 0, kEver});
    ids += fmt::format("{}{}", ids.empty() ? "" : ",", run.id);
    std::erase_if(next.runs, [&](const Run& r) { return r.id == run.id; });
  }
  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  const auto merged = merge_runs(engine, parts, level, level, next.next_run++);
  if (!merged) return tl::unexpected(merged.error());
  auto status =
      engine.writer().run(fmt::format("DELETE FROM {} WHERE run IN ({})", table_of(level), ids), "merge runs");
  if (!status) return status;
  return engine.commit(*transaction, std::move(next), false);
}

// Makes few runs of the finished small ones of a level, so that a path's rows lie together.
Status merge(Engine& engine, Level level) {
  std::vector<Run> small;
  for (const Run& run : engine.state().runs) {
    if (run.level == level && run.is_rolled() && run.rows < kLargeRun) small.push_back(run);
  }
  return in_parts(std::move(small), [&](std::span<const Run> part) -> Status {
    return part.size() < 2 ? Status{} : merge_part(engine, level, part);
  });
}

// The first time whose bucket of `to` is not yet closed.
std::int64_t closed_before(const State& state, Level to) {
  const std::int64_t clock_ms = to == Level::kMinute ? state.clock_ms - kGraceMs
                                                     : state.levels[static_cast<std::size_t>(to) - 1].rolled_before_ms;
  return std::max<std::int64_t>(0, clock_ms - clock_ms % bucket_ms(to));
}

Status note_rolled(Engine& engine, Level to, std::int64_t before_ms) {
  State next = engine.state();
  next.levels[static_cast<std::size_t>(to)].rolled_before_ms = before_ms;
  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  if (to == Level::kHour) {
    if (auto status = engine.dictionary.write_seen(engine.writer()); !status) return status;
    next.seen_run = next.next_run;
  }
  return engine.commit(*transaction, std::move(next), false);
}

Status write_log_when_long(Engine& engine) {
  std::error_code fault;
  const auto bytes = std::filesystem::file_size(engine.file().string() + ".wal", fault);
  if (fault || bytes < kMostLogBytes) return {};
  return engine.writer().checkpoint();
}

}  // namespace

Status roll_when_due(Engine& engine) {
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    const std::int64_t before_ms = closed_before(engine.state(), to);
    const std::int64_t done_ms = engine.state().levels[static_cast<std::size_t>(to)].rolled_before_ms;
    if (before_ms <= done_ms) break;
    if (to == Level::kMinute && before_ms - done_ms < kLongMs && engine.state().waiting_rows(Level::kRaw) < kManyRows)
      break;
    if (auto status = roll(engine, to, before_ms); !status) return status;
    if (auto status = note_rolled(engine, to, before_ms); !status) return status;
    const auto from = static_cast<Level>(static_cast<int>(to) - 1);
    const std::int64_t span_ms = from == Level::kRaw ? 0 : merge_span_ms(from);
    if (span_ms > 0 && before_ms / span_ms > done_ms / span_ms) {
      if (auto status = merge(engine, from); !status) return status;
    }
  }
  return write_log_when_long(engine);
}

Status roll_all(Engine& engine) {
  if (auto status = flush(engine); !status) return status;
  for (const Level to : {Level::kMinute, Level::kHour, Level::kDay}) {
    if (auto status = roll(engine, to, kEver); !status) return status;
  }
  return {};
}

Status close_tables(Engine& engine) {
  return flush(engine);
}

}  // namespace gnomon::store::duckdb
