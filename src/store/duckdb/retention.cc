#include "store/duckdb/retention.h"

#include "store/duckdb/level_table.h"
#include "store/duckdb/roll.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// Rows older than `before_ms` that are not yet summed up: they must be, before they go.
Result<bool> has_waiting(Engine& engine, std::size_t level, std::int64_t before_ms) {
  if (level + 1 >= kLevels) return false;
  const auto rows = engine.writer().number(
      fmt::format("SELECT count(*) FROM {} WHERE record >= {} AND start_ms < {}", source_of(static_cast<Level>(level)),
                  engine.state.levels[level + 1].rolled, before_ms),
      "count rows");
  if (!rows) return tl::unexpected(rows.error());
  return *rows > 0;
}

Status write_log_into_tables(Engine& engine) {
  return engine.writer().run("CHECKPOINT", "compact");
}

}  // namespace

Status keep_level(Engine& engine, Level level, std::optional<Nanoseconds> keep) {
  if (keep && *keep <= Nanoseconds(0)) {
    return failure(ErrorCode::kInvalidArgument, "set retention", std::string(to_string(level)),
                   "the time to keep must be above zero");
  }
  State next = engine.state;
  std::optional<std::int64_t>& keep_ms = next.levels[static_cast<std::size_t>(level)].keep_ms;
  keep_ms.reset();
  if (keep) keep_ms = std::chrono::duration_cast<std::chrono::milliseconds>(*keep).count();
  if (auto status = write_state(engine.writer(), next); !status) return status;
  engine.state = next;
  return {};
}

Status remove_old(Engine& engine, WallTime now) {
  std::array<std::int64_t, kLevels> before_ms{};
  for (std::size_t l = 0; l < kLevels; ++l) {
    if (!engine.state.levels[l].keep_ms) continue;
    before_ms[l] = std::max<std::int64_t>(0, to_unix_ms(now) - *engine.state.levels[l].keep_ms);
    const auto waiting = has_waiting(engine, l, before_ms[l]);
    if (!waiting) return tl::unexpected(waiting.error());
    if (!*waiting) continue;
    if (auto status = roll_all(engine); !status) return status;
  }
  State next = engine.state;
  std::int64_t removed = 0;
  std::uint64_t removed_new = 0;
  auto transaction = Transaction::begin(engine.writer());
  if (!transaction) return tl::unexpected(transaction.error());
  for (std::size_t l = 0; l < kLevels; ++l) {
    if (before_ms[l] == 0) continue;
    const auto rows = engine.writer().number(
        fmt::format("DELETE FROM {} WHERE start_ms < {}", table_of(static_cast<Level>(l)), before_ms[l]),
        "remove old windows");
    if (!rows) return tl::unexpected(rows.error());
    removed += *rows;
    if (l == 0) {
      const auto fresh = engine.writer().number(
          fmt::format("DELETE FROM {} WHERE start_ms < {}", kNewTable, before_ms[l]), "remove old windows");
      if (!fresh) return tl::unexpected(fresh.error());
      removed += *fresh;
      removed_new = static_cast<std::uint64_t>(*fresh);
    }
    next.levels[l].removed_before_ms = std::max(next.levels[l].removed_before_ms, before_ms[l]);
  }
  if (auto status = write_state(engine.writer(), next); !status) return status;
  if (auto status = transaction->commit(); !status) return status;
  engine.state = next;
  engine.new_rows -= removed_new;
  return removed > 0 ? write_log_into_tables(engine) : Status{};
}

Status compact_tables(Engine& engine) {
  if (auto status = roll_all(engine); !status) return status;
  return write_log_into_tables(engine);
}

}  // namespace gnomon::store::duckdb
