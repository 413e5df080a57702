#include "store/duckdb/apply.h"

#include "core/log.h"
#include "schema/delay_columns.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/roll.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// Windows outside are left out: a clock that far off would spoil every level's range. 2200-01-01 as Unix ms.
constexpr std::int64_t kFirstMs = 0;
constexpr std::int64_t kEndMs = 7'258'118'400'000;
// Rows that are gathered before they are handed to the appender.
constexpr std::size_t kBlockRows = 8'192;

// One window before it is stored: where it is and by what it is sorted.
struct Source {
  std::int32_t path = 0;
  std::uint32_t batch = 0;
  std::int64_t start_ms = 0;
  std::uint32_t row = 0;
};

void gather_scalar(const ScalarColumn& column, std::span<const AppliedBatch> batches, std::span<const Source> sources,
                   std::vector<schema::NumberColumn>& views, RowBlock::Scalars& out) {
  for (std::size_t b = 0; b < batches.size(); ++b) {
    if (batches[b].windows != nullptr) views[b] = batches[b].windows->numbers(column.place);
  }
  for (const Source& s : sources) {
    const std::int64_t value =
        std::visit([&](const auto& view) { return static_cast<std::int64_t>(view[s.row]); }, views[s.batch]);
    const bool is_known = !column.unknown || value != *column.unknown;
    out.value.push_back(is_known ? value : 0);
    out.known.push_back(is_known ? 1 : 0);
  }
}

void gather_sketch(const SketchColumn& column, std::span<const AppliedBatch> batches, std::span<const Source> sources,
                   RowBlock::SketchRows& out) {
  for (const Source& s : sources) {
    const schema::SketchRows& from = batches[s.batch].windows->sketches(column.place);
    const auto begin = static_cast<std::ptrdiff_t>(from.offset[s.row]);
    const auto end = static_cast<std::ptrdiff_t>(from.offset[s.row + 1]);
    out.number.insert(out.number.end(), from.number.begin() + begin, from.number.begin() + end);
    out.count.insert(out.count.end(), from.count.begin() + begin, from.count.begin() + end);
    out.offset.push_back(static_cast<std::uint32_t>(out.number.size()));
  }
}

// A range that brings many windows of each path is in good order by itself; smaller ones are put in order later.
constexpr std::size_t kBulkRows = 10'000;
constexpr std::size_t kBulkRowsOfPath = 10;

bool is_bulk(const Engine& engine, std::size_t rows) {
  return rows >= std::max(kBulkRows, kBulkRowsOfPath * engine.dictionary.paths().size());
}

Status append_windows(Engine& engine, std::span<const AppliedBatch> batches, std::span<const Source> sources) {
  auto appender = is_bulk(engine, sources.size())
                      ? LevelAppender::open(engine.writer(), table_of(Level::kRaw), Level::kRaw, engine.layouts[0])
                      : LevelAppender::open(engine.writer(), kNewTable, Level::kRaw, engine.new_layout);
  if (!appender) return tl::unexpected(appender.error());
  RowBlock rows;
  std::vector<schema::NumberColumn> views(batches.size());
  for (std::size_t first = 0; first < sources.size(); first += kBlockRows) {
    const auto block = sources.subspan(first, std::min(kBlockRows, sources.size() - first));
    rows.clear();
    for (const Source& s : block) {
      rows.path.push_back(s.path);
      rows.start_ms.push_back(s.start_ms);
      rows.record.push_back(static_cast<std::int64_t>(batches[s.batch].record));
    }
    for (std::size_t c = 0; c < rows.scalars.size(); ++c) {
      gather_scalar(level_columns().scalars[c], batches, block, views, rows.scalars[c]);
    }
    for (std::size_t k = 0; k < rows.sketches.size(); ++k) {
      gather_sketch(level_columns().sketches[k], batches, block, rows.sketches[k]);
    }
    if (auto status = appender->append(rows); !status) return status;
  }
  return appender->close();
}

Status append_dropped(Connection& connection, std::span<const AppliedBatch> batches) {
  std::vector<std::vector<Cell>> rows;
  std::vector<std::string> ids;  // outlives the cells
  std::size_t most = 0;
  for (const AppliedBatch& batch : batches) most += batch.dropped.size();
  ids.reserve(most);
  for (const AppliedBatch& batch : batches) {
    std::int64_t place = 0;
    for (const DroppedRange& d : batch.dropped) {
      rows.push_back({static_cast<std::int64_t>(batch.record), place++, ids.emplace_back(to_string(d.probe)),
                      d.first_sequence, d.last_sequence, d.windows, to_unix_ms(d.first), to_unix_ms(d.last),
                      std::string_view(d.reason)});
    }
  }
  return connection.append("dropped", rows);
}

// The windows of all batches by path, then time: neighbours compress well and are read together.
std::vector<Source> sort_windows(Engine& engine, std::span<const AppliedBatch> batches) {
  std::vector<Source> sources;
  const std::unique_lock lock(engine.naming);
  for (std::uint32_t b = 0; b < batches.size(); ++b) {
    const std::vector<std::int32_t>& places = engine.dictionary.take(batches[b]);
    if (batches[b].windows == nullptr) continue;
    const auto path = batches[b].windows->path();
    const auto start = batches[b].windows->start_ms();
    const std::int64_t base_ms = to_unix_ms(batches[b].base);
    std::size_t left_out = 0;
    for (std::uint32_t row = 0; row < path.size(); ++row) {
      const std::int64_t start_ms = base_ms + start[row];
      if (start_ms < kFirstMs || start_ms >= kEndMs) {
        ++left_out;
        continue;
      }
      sources.push_back({places[path[row]], b, start_ms, row});
    }
    if (left_out > 0) {
      log::warning("store: {} windows of probe {} batch {} left out: their time is not between 1970 and 2200", left_out,
                   to_string(batches[b].header.probe), batches[b].header.sequence);
    }
  }
  std::ranges::sort(sources, {}, [](const Source& s) { return std::tie(s.path, s.start_ms, s.batch, s.row); });
  return sources;
}

}  // namespace

Status apply_batches(Engine& engine, std::span<const AppliedBatch> batches, JournalPosition from,
                     JournalPosition up_to) {
  if (up_to.records <= engine.state.position) return {};
  if (from.records != engine.state.position) {
    return failure(ErrorCode::kConflict, "apply", fmt::format("records {} to {}", from.records, up_to.records),
                   fmt::format("the store is at record {}", engine.state.position));
  }
  Connection& connection = engine.writer();
  const std::vector<Source> sources = sort_windows(engine, batches);
  State next = engine.state;
  next.position = up_to.records;
  next.levels[0].rolled = up_to.records;
  next.windows += sources.size();

  auto transaction = Transaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  if (auto status = append_windows(engine, batches, sources); !status) return status;
  if (auto status = append_dropped(connection, batches); !status) return status;
  if (auto status = engine.dictionary.write(connection); !status) return status;
  if (auto status = write_state(connection, next); !status) return status;
  if (auto status = transaction->commit(); !status) return status;

  engine.state = next;
  engine.waiting[0] += sources.size();
  if (!is_bulk(engine, sources.size())) engine.new_rows += sources.size();
  {
    const std::unique_lock lock(engine.naming);
    for (const Source& s : sources) engine.dictionary.see(s.path, s.start_ms);
  }
  engine.position = next.position;
  engine.windows = next.windows;
  return roll_when_due(engine);
}

}  // namespace gnomon::store::duckdb
