// Queries that answer rows as they stand.

#include "store/duckdb/queries.h"
#include "store/duckdb/summation.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

Result<std::vector<PathRecord>> read_paths(Engine& engine) {
  const std::shared_lock lock(engine.naming);
  std::vector<PathRecord> paths;
  const PathDictionary& table = engine.dictionary.paths();
  for (std::size_t place = 0; place < table.size(); ++place)
    paths.push_back(table.record(static_cast<std::int32_t>(place)));
  std::ranges::sort(paths, {}, [](const PathRecord& p) { return p.id; });
  return paths;
}

std::optional<PathRecord> read_path(Engine& engine, PathId id) {
  const std::shared_lock lock(engine.naming);
  const auto place = engine.dictionary.find(id);
  return place ? std::optional(engine.dictionary.paths().record(*place)) : std::nullopt;
}

std::vector<PathRecord> read_recent_paths(Engine& engine, WallTime since, std::size_t limit) {
  const std::shared_lock lock(engine.naming);
  std::vector<PathRecord> paths;
  const PathDictionary& table = engine.dictionary.paths();
  for (std::size_t at = 0; at < table.size() && paths.size() < limit; ++at) {
    const auto place = static_cast<std::int32_t>(at);
    if (table.last_seen_ms(place) >= to_unix_ms_up(since)) paths.push_back(table.record(place));
  }
  return paths;
}

Result<std::vector<ProbeRecord>> read_probes(Engine& engine) {
  const std::shared_lock lock(engine.naming);
  std::vector<ProbeRecord> probes = engine.dictionary.probes();
  std::ranges::sort(probes, {}, [](const ProbeRecord& p) { return p.header.probe; });
  return probes;
}

Result<std::vector<DroppedRange>> read_dropped(Engine& engine) {
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  auto rows = reader->connection().query(
      "SELECT probe, first_sequence, last_sequence, windows, first_ms, last_ms, reason FROM dropped "
      "ORDER BY record, place",
      "read dropped");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<DroppedRange> ranges;
  for (auto more = rows->next();; more = rows->next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) break;
    for (std::size_t i = 0; i < rows->size(); ++i) {
      ranges.push_back({parse_probe_id(rows->text(0, i)).value_or(ProbeId{}), rows->natural(1, i), rows->natural(2, i),
                        rows->natural(3, i), from_unix_ms(rows->integer(4, i)), from_unix_ms(rows->integer(5, i)),
                        rows->text(6, i)});
    }
  }
  for (const auto& chunk : reader->tail()) {
    for (const TailChunk::Dropped& dropped : chunk->dropped()) ranges.push_back(dropped.range);
  }
  return ranges;
}

Result<std::vector<PathPoint>> read_latest(Engine& engine, const LatestQuery& query) {
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  Accumulator sums({Numbers::kAll, kNoSketches});
  struct Window {
    PathId path;
    std::int64_t start_ms;
    std::int32_t slot, place;
    auto operator<=>(const Window&) const = default;
  };
  std::vector<Window> windows;
  const auto slot_of = [&](const RowBlock& rows, std::size_t i) {
    windows.push_back({{}, rows.start_ms[i], static_cast<std::int32_t>(windows.size()), rows.path[i]});
    return windows.back().slot;
  };
  std::vector<std::int32_t> places;
  if (!query.paths.empty()) {
    const std::shared_lock lock(engine.naming);
    for (const PathId id : query.paths) {
      if (const auto place = engine.dictionary.find(id)) places.push_back(*place);
    }
    if (places.empty()) return std::vector<PathPoint>{};
    std::ranges::sort(places);
  }
  // Of many paths a pass also reads rows between them.
  const auto is_wanted = [&](std::int32_t place) {
    return places.empty() || std::ranges::binary_search(places, place);
  };
  const auto wanted_slot_of = [&](const RowBlock& rows, std::size_t i) {
    return is_wanted(rows.path[i]) ? slot_of(rows, i) : -1;
  };
  const WallTime end{std::chrono::hours(24 * 365 * 240)};
  auto status = sum_rows(
      *reader, {Level::kRaw, {query.since, end}, places, {Numbers::kAll, kNoSketches}}, wanted_slot_of,
      [&] { return windows.size(); }, sums);
  if (!status) return tl::unexpected(status.error());
  {
    const std::shared_lock lock(engine.naming);  // after the view was taken: it has every path's name
    for (Window& w : windows) w.path = engine.dictionary.paths().id(w.place);
  }
  std::ranges::sort(windows);
  std::vector<PathPoint> points;
  for (const Window& w : windows) {
    points.push_back({w.path, sums.point(static_cast<std::size_t>(w.slot))});
    points.back().point.start = from_unix_ms(w.start_ms);
    points.back().point.span = points.back().point.measured;
  }
  return points;
}

}  // namespace gnomon::store::duckdb
