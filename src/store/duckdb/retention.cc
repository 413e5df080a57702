#include "store/duckdb/retention.h"

#include "store/duckdb/access_table.h"
#include "store/duckdb/apply.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/roll.h"
#include "store/duckdb/start_sql.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// Rows older than `before_ms` that are not yet summed up: they must be, before they go.
Result<bool> has_waiting(Engine& engine, std::size_t level, std::int64_t before_ms) {
  if (level + 1 >= kLevels) return false;
  for (const Run& run : engine.state()->runs) {
    if (run.level != static_cast<Level>(level) || run.rolled_before_ms >= before_ms) continue;
    const auto rows = engine.applying.connection().number(
        fmt::format("SELECT count(*) FROM {} WHERE run = {} AND {} AND {}", table_of(run.level), run.id,
                    starts_from(run.rolled_before_ms), starts_before(before_ms)),
        "count rows");
    if (!rows) return tl::unexpected(rows.error());
    if (*rows > 0) return true;
  }
  return false;
}

bool tail_has(const Engine& engine, std::int64_t before_ms) {
  for (const auto& chunk : engine.tail()) {
    for (const TailChunk::Entry& entry : chunk->entries()) {
      if (entry.start_ms < before_ms) return true;
    }
  }
  return false;
}

bool tail_has_tests(const Engine& engine, std::int64_t before_ms) {
  for (const auto& chunk : engine.tail()) {
    for (const AccessRow& row : chunk->access()) {
      if (to_unix_ms(row.result.start) < before_ms) return true;
    }
  }
  return false;
}

}  // namespace

Status keep_level(Engine& engine, Level level, std::optional<Nanoseconds> keep) {
  if (keep && *keep <= Nanoseconds(0)) {
    return failure(ErrorCode::kInvalidArgument, "set retention", std::string(to_string(level)),
                   "the time to keep must be above zero");
  }
  std::optional<std::int64_t> keep_ms;
  if (keep) keep_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*keep).count();
  auto transaction = Transaction::begin(engine.applying.connection());
  if (!transaction) return tl::unexpected(transaction.error());
  return engine.commit(engine.applying, *transaction, [level, keep_ms](State& state) {
    state.levels[static_cast<std::size_t>(level)].keep_ms = keep_ms;
  });
}

Status remove_old(Engine& engine, WallTime now) {
  std::array<std::int64_t, kLevels> before_ms{};
  for (std::size_t l = 0; l < kLevels; ++l) {
    const std::optional<std::int64_t> keep_ms = engine.state()->levels[l].keep_ms;
    if (!keep_ms) continue;
    before_ms[l] = std::max<std::int64_t>(0, to_unix_ms(now) - *keep_ms);
    const bool has_old_tests = static_cast<Level>(l) == Level::kDay && tail_has_tests(engine, before_ms[l]);
    if (has_old_tests || (l == 0 && tail_has(engine, before_ms[l]))) {
      if (auto status = flush(engine); !status) return status;
    }
    const auto waiting = has_waiting(engine, l, before_ms[l]);
    if (!waiting) return tl::unexpected(waiting.error());
    if (!*waiting) continue;
    if (auto status = roll_all(engine); !status) return status;
  }
  std::int64_t removed = 0;
  Connection& connection = engine.applying.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  for (std::size_t l = 0; l < kLevels; ++l) {
    if (before_ms[l] == 0) continue;
    const auto rows = connection.number(
        fmt::format("DELETE FROM {} WHERE {}", table_of(static_cast<Level>(l)), starts_before(before_ms[l])),
        "remove old windows");
    if (!rows) return tl::unexpected(rows.error());
    removed += *rows;
  }
  const std::int64_t tests_before_ms = before_ms[static_cast<std::size_t>(Level::kDay)];
  if (tests_before_ms > 0) {
    const auto tests = remove_access(connection, tests_before_ms);
    if (!tests) return tl::unexpected(tests.error());
    removed += *tests;
  }
  const auto edit = [before_ms](State& state) {
    for (std::size_t l = 0; l < kLevels; ++l) {
      state.levels[l].removed_before_ms = std::max(state.levels[l].removed_before_ms, before_ms[l]);
    }
  };
  if (auto status = engine.commit(engine.applying, *transaction, edit); !status) return status;
  return removed > 0 ? connection.checkpoint() : Status{};
}

Status compact_tables(Engine& engine) {
  if (auto status = roll_all(engine); !status) return status;
  return engine.applying.connection().checkpoint();
}

}  // namespace gnomon::store::duckdb
