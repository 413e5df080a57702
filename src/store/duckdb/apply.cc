#include "store/duckdb/apply.h"

#include <deque>

#include "core/log.h"
#include "schema/delay_columns.h"
#include "store/duckdb/access_table.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// Rows that are taken out of the tail at a time: as many as DuckDB takes.
constexpr std::size_t kBlockRows = 2'048;

// A window of the tail.
struct Source {
  TailChunk::Entry entry;
  const TailChunk* chunk = nullptr;
};
// Those of one method by path, then time: neighbours compress well and are read together.
struct MethodSources {
  std::uint32_t method = 0;
  std::vector<Source> sources;
};

// Where the merge stands in a chunk.
struct Head {
  const TailChunk* chunk = nullptr;
  std::size_t at = 0;
  std::size_t order = 0;  // windows of one path and time stay in the order of the journal
  [[nodiscard]] const TailChunk::Entry& entry() const { return chunk->entries()[at]; }
};

bool comes_later(const Head& a, const Head& b) {
  const TailChunk::Entry& x = a.entry();
  const TailChunk::Entry& y = b.entry();
  return std::tie(x.path, x.start_ms, a.order) > std::tie(y.path, y.start_ms, b.order);
}

// Each chunk is in order already.
std::vector<MethodSources> merge_tail(Engine& engine) {
  std::vector<Head> heap;
  for (const auto& chunk : engine.tail()) {
    if (!chunk->entries().empty()) heap.push_back({chunk.get(), 0, heap.size()});
  }
  std::ranges::make_heap(heap, comes_later);
  std::vector<MethodSources> methods;
  const std::shared_lock lock(engine.naming);
  const PathDictionary& paths = engine.dictionary.paths();
  while (!heap.empty()) {
    std::ranges::pop_heap(heap, comes_later);
    Head& next = heap.back();
    const std::uint32_t method = paths.method_number(next.entry().path);
    auto of = std::ranges::find(methods, method, &MethodSources::method);
    if (of == methods.end()) of = methods.insert(of, {method, {}});
    of->sources.push_back({next.entry(), next.chunk});
    if (++next.at == next.chunk->entries().size()) {
      heap.pop_back();
    } else {
      std::ranges::push_heap(heap, comes_later);
    }
  }
  return methods;
}

Status append_windows(Engine& engine, std::span<const Source> sources, std::int64_t run) {
  return engine.applying.insert(Level::kRaw, run, [sources](RowBlock& rows) mutable -> Result<bool> {
    rows.clear();
    const auto block = sources.first(std::min(kBlockRows, sources.size()));
    for (const Source& s : block) s.chunk->read(s.entry, rows);
    sources = sources.subspan(block.size());
    return !block.empty();
  });
}

Result<Run> append_run(Engine& engine, std::span<const Source> sources, std::int64_t id) {
  if (auto status = append_windows(engine, sources, id); !status) return tl::unexpected(status.error());
  Run run{id, Level::kRaw, {}, sources.size(), 0, 0};
  for (const Source& s : sources) run.newest_ms = std::max(run.newest_ms, s.entry.start_ms);
  const std::shared_lock lock(engine.naming);
  run.method = engine.dictionary.paths().method(sources.front().entry.path);
  return run;
}

Status append_dropped(Connection& connection, const Tail& tail) {
  std::vector<std::vector<Cell>> rows;
  std::deque<std::string> ids;  // outlives the cells
  for (const auto& chunk : tail) {
    std::int64_t place = 0;
    for (const auto& [record, d] : chunk->dropped()) {
      rows.push_back({static_cast<std::int64_t>(record), place++, ids.emplace_back(to_string(d.probe)),
                      d.first_sequence, d.last_sequence, d.windows, to_unix_ms(d.first), to_unix_ms(d.last),
                      std::string_view(d.reason)});
    }
  }
  return connection.append("dropped", rows);
}

std::shared_ptr<TailChunk> take(Engine& engine, std::span<const AppliedBatch> batches) {
  auto chunk = std::make_shared<TailChunk>();
  std::size_t windows = 0;
  for (const AppliedBatch& batch : batches) windows += batch.windows != nullptr ? batch.windows->size() : 0;
  chunk->reserve(windows);
  const std::unique_lock lock(engine.naming);
  for (const AppliedBatch& batch : batches) {
    const auto places = engine.dictionary.take(batch);
    // A clock that far off would spoil every level's range.
    const std::size_t left_out = chunk->add(batch, places, 0, kEndUnixMs);
    if (left_out > 0) {
      log::warning("store: {} windows or tests of probe {} batch {} left out: their time is not between 1970 and 2200",
                   left_out, to_string(batch.header.probe), batch.header.sequence);
    }
  }
  for (const TailChunk::Entry& e : chunk->entries()) engine.dictionary.see(e.path, e.start_ms);
  chunk->close();
  return chunk;
}

// The middle of the windows' starts: a few clocks that are far off do not move it.
std::int64_t middle_ms(const Tail& tail) {
  std::vector<std::int64_t> starts;
  for (const auto& chunk : tail) {
    const std::size_t step = 1 + chunk->entries().size() / 1'000;
    for (std::size_t i = 0; i < chunk->entries().size(); i += step) starts.push_back(chunk->entries()[i].start_ms);
  }
  if (starts.empty()) return 0;
  const auto middle = starts.begin() + static_cast<std::ptrdiff_t>(starts.size() / 2);
  std::ranges::nth_element(starts, middle);
  return *middle;
}

bool is_full(const Engine& engine) {
  if (engine.tail_rows() == 0) return false;
  if (engine.tail_rows() >= engine.options().tail_rows) return true;
  const std::int64_t now_ms = middle_ms({engine.tail().back()});
  return engine.tail_since_ms &&
         now_ms - *engine.tail_since_ms >= std::chrono::milliseconds(engine.options().tail_span).count();
}

}  // namespace

Status flush(Engine& engine) {
  const std::uint64_t position = engine.position;
  if (position == engine.state()->position) return {};
  const std::vector<MethodSources> methods = merge_tail(engine);
  Connection& connection = engine.applying.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  std::vector<Run> runs;
  for (const MethodSources& of : methods) {
    auto run = append_run(engine, of.sources, engine.take_run());
    if (!run) return tl::unexpected(run.error());
    runs.push_back(std::move(*run));
  }
  if (auto status = append_dropped(connection, engine.tail()); !status) return status;
  if (auto status = append_access(connection, engine.tail()); !status) return status;
  if (auto status = engine.dictionary.write(connection); !status) return status;
  const auto edit = [position, windows = engine.windows.load(), clock_ms = middle_ms(engine.tail()),
                     next_run = engine.next_run(), runs = std::move(runs)](State& state) {
    state.position = position;
    state.windows = windows;
    state.clock_ms = std::max(state.clock_ms, clock_ms);
    state.next_run = next_run;
    for (const Run& run : runs) state.add(run);
  };
  return engine.commit(engine.applying, *transaction, edit, true);
}

Result<Applied> apply_batches(Engine& engine, std::span<const AppliedBatch> batches, JournalPosition from,
                              JournalPosition up_to) {
  Applied applied;
  if (up_to.records <= engine.position) return applied;
  if (from.records != engine.position) {
    return failure(ErrorCode::kConflict, "apply", fmt::format("records {} to {}", from.records, up_to.records),
                   fmt::format("the store is at record {}", engine.position.load()));
  }
  // First room, then windows: when the disk is full the tail does not grow.
  if (is_full(engine)) {
    if (auto status = flush(engine); !status) return tl::unexpected(status.error());
    applied.flushed = true;
  }
  auto chunk = take(engine, batches);
  if (!engine.tail_since_ms && !chunk->entries().empty()) engine.tail_since_ms = middle_ms({chunk});
  engine.add_to_tail(std::move(chunk), up_to.records);
  return applied;
}

}  // namespace gnomon::store::duckdb
