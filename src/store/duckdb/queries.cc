#include "store/duckdb/queries.h"

#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"
#include "store/duckdb/summation.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::size_t kMostPoints = 100'000;
// Groups times steps of one answer.
constexpr std::size_t kMostSlots = 2'000'000;

tl::unexpected<Error> bad(std::string subject, std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "query", std::move(subject), std::move(reason));
}

std::int64_t ms(Nanoseconds d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

// Steps of a grid, numbered from the start of the range; slots are handed out as they are met, so that sparse answers
// stay small.
class Steps {
 public:
  Steps(TimeRange range, Nanoseconds step) : from_ms_(to_unix_ms(range.from)), step_ms_(ms(step)) {}
  std::int32_t slot(std::uint32_t group, std::int64_t start_ms) {
    const std::int64_t step = (start_ms - from_ms_) / step_ms_;
    const auto [at, is_new] =
        slots_.try_emplace(std::uint64_t{group} << 32 | static_cast<std::uint64_t>(step), keys_.size());
    if (is_new) keys_.push_back({group, from_ms_ + step * step_ms_});
    return static_cast<std::int32_t>(at->second);
  }
  struct Key {
    std::uint32_t group;
    std::int64_t start_ms;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  // Slots by group, then time.
  [[nodiscard]] std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order(keys_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return keys_[i]; });
    return order;
  }

 private:
  std::int64_t from_ms_, step_ms_;
  std::unordered_map<std::uint64_t, std::size_t> slots_;
  std::vector<Key> keys_;
};

Result<std::vector<Point>> single_windows(Engine::Reader& reader, const Pass& pass) {
  Accumulator sums(pass.columns);
  struct Window {
    std::int64_t start_ms;
    std::int32_t slot;  // of one time: in the order of the journal
    auto operator<=>(const Window&) const = default;
  };
  std::vector<Window> windows;
  const auto slot_of = [&](const RowBlock& rows, std::size_t i) {
    windows.push_back({rows.start_ms[i], static_cast<std::int32_t>(windows.size())});
    return windows.back().slot;
  };
  if (auto status = sum_rows(
          reader, pass, slot_of, [&] { return windows.size(); }, sums);
      !status) {
    return tl::unexpected(status.error());
  }
  std::ranges::sort(windows);
  std::vector<Point> points;
  for (const Window& w : windows) {
    points.push_back(sums.point(static_cast<std::size_t>(w.slot)));
    points.back().start = from_unix_ms(w.start_ms);
    points.back().span = points.back().measured;
  }
  return points;
}

// Whether the raw windows themselves answer a series.
Result<bool> fits_raw(Engine::Reader& reader, const SeriesQuery& query, std::int32_t path) {
  if (query.level.value_or(Level::kRaw) != Level::kRaw) return false;
  if (!query.level) {
    if (reader.state().complete()[0] > query.range.from) return false;
    if (query.range.to - query.range.from > std::chrono::hours(24 * 7)) return false;
  }
  const auto rows = reader.connection().number(
      fmt::format("SELECT count(*) FROM {} WHERE path = {} AND {} AND {}", table_of(Level::kRaw), path,
                  starts_from(to_unix_ms_up(query.range.from)), starts_before(to_unix_ms_up(query.range.to))),
      "count windows");
  if (!rows) return tl::unexpected(rows.error());
  const std::int64_t from_ms = to_unix_ms_up(query.range.from), to_ms = to_unix_ms_up(query.range.to);
  std::size_t in_tail = 0;
  for (const auto& chunk : reader.tail()) {
    for (const TailChunk::Entry& entry : chunk->entries_of(path)) {
      if (entry.start_ms >= from_ms && entry.start_ms < to_ms) ++in_tail;
    }
  }
  return static_cast<std::size_t>(*rows) + in_tail <= query.max_points;
}

}  // namespace

Status check(TimeRange range) {
  if (range.from < WallTime{} || range.from >= range.to || range.to.since_epoch > std::chrono::hours(24 * 365 * 250)) {
    return bad("range", "from must be before to, both between 1970 and 2200");
  }
  return {};
}

Result<SeriesAnswer> read_series(Engine& engine, const SeriesQuery& query) {
  if (auto status = check(query.range); !status) return tl::unexpected(status.error());
  if (query.max_points < 1 || query.max_points > kMostPoints) return bad("points", "must be 1 to 100000");
  std::optional<std::int32_t> path;
  {
    const std::shared_lock lock(engine.naming);
    path = engine.dictionary.find(query.path);
  }
  if (!path) {
    return failure(ErrorCode::kNotFound, "series", "path " + to_string(query.path), "no such path",
                   "see the list of paths");
  }
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  const auto raw = fits_raw(*reader, query, *path);
  if (!raw) return tl::unexpected(raw.error());
  SeriesAnswer answer;
  if (*raw) {
    answer.range = query.range;
    auto points = single_windows(*reader, {Level::kRaw, query.range, {*path}, {Numbers::kAll, query.sketches}});
    if (!points) return tl::unexpected(points.error());
    answer.points = std::move(*points);
    return answer;
  }
  const Grid grid = choose_grid(query.range, query.max_points, query.level, reader->state().complete());
  answer.level = grid.level;
  answer.step = grid.step;
  answer.range = widen(query.range, grid.step);
  const ColumnChoice columns(Numbers::kAll, query.sketches);
  Accumulator sums(columns);
  Steps steps(answer.range, grid.step);
  auto status = sum_rows(
      *reader, {grid.level, answer.range, {*path}, columns},
      [&](const RowBlock& rows, std::size_t i) { return steps.slot(0, rows.start_ms[i]); },
      [&] { return steps.size(); }, sums);
  if (!status) return tl::unexpected(status.error());
  for (const std::size_t s : steps.in_order()) {
    answer.points.push_back(sums.point(s));
    answer.points.back().start = from_unix_ms(steps.keys()[s].start_ms);
    answer.points.back().span = grid.step;
  }
  return answer;
}

Result<std::vector<PathPoint>> read_summaries(Engine& engine, const SummaryQuery& query) {
  if (auto status = check(query.range); !status) return tl::unexpected(status.error());
  // First the view, then the names: so every path in the view has its name.
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  std::vector<PathId> ids;
  std::vector<std::int32_t> slots;  // of each path's place; -1: not asked for
  std::vector<std::int32_t> places;
  {
    const std::shared_lock lock(engine.naming);
    const auto& paths = engine.dictionary.paths();
    slots.assign(paths.size(), query.paths.empty() ? 0 : -1);
    for (const PathId id : query.paths) {
      const auto place = engine.dictionary.find(id);
      if (!place) continue;
      slots[static_cast<std::size_t>(*place)] = 0;
      places.push_back(*place);
    }
    for (std::size_t place = 0; place < paths.size(); ++place)
      ids.push_back(paths.id(static_cast<std::int32_t>(place)));
  }
  if (places.empty() && !query.paths.empty()) return std::vector<PathPoint>{};
  std::int32_t next = 0;
  for (std::int32_t& slot : slots) {
    if (slot == 0) slot = next++;
  }
  const Level level = choose_summary_level(query.range, reader->state().complete());
  const TimeRange range = widen(query.range, bucket_of(level));
  const ColumnChoice columns(Numbers::kAll, query.sketches);
  Accumulator sums(columns);
  const auto slot_of = [&](const RowBlock& rows, std::size_t i) {
    const auto place = static_cast<std::size_t>(rows.path[i]);
    return place < slots.size() ? slots[place] : -1;  // a path that came after the list was made
  };
  auto status = sum_rows(
      *reader, {level, range, places, columns}, slot_of, [&] { return static_cast<std::size_t>(next); }, sums);
  if (!status) return tl::unexpected(status.error());
  std::vector<PathPoint> points;
  for (std::size_t place = 0; place < slots.size(); ++place) {
    if (slots[place] < 0) continue;
    const auto slot = static_cast<std::size_t>(slots[place]);
    if (slot >= sums.slots() || sums.empty(slot)) continue;
    points.push_back({ids[place], sums.point(slot)});
    points.back().point.start = range.from;
    points.back().point.span = range.to - range.from;
  }
  std::ranges::sort(points, {}, &PathPoint::path);
  return points;
}

Result<std::vector<GroupPoint>> read_groups(Engine& engine, const GroupQuery& query) {
  if (auto status = check(query.range); !status) return tl::unexpected(status.error());
  if (query.step < Nanoseconds(0) || query.step % std::chrono::minutes(1) != Nanoseconds(0)) {
    return bad("step", "must be a multiple of a minute");
  }
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  std::vector<std::int64_t> group_of;  // of each path's place; -1: not asked for
  std::vector<std::int32_t> places;
  {
    const std::shared_lock lock(engine.naming);
    group_of.assign(engine.dictionary.paths().size(), -1);
    for (const GroupedPath& path : query.paths) {
      const auto place = engine.dictionary.find(path.path);
      if (!place) continue;
      group_of[static_cast<std::size_t>(*place)] = path.group;
      places.push_back(*place);
    }
  }
  if (places.empty()) return std::vector<GroupPoint>{};
  const CompleteFrom complete = reader->state().complete();
  const Level level = query.step == Nanoseconds(0) ? choose_summary_level(query.range, complete)
                                                   : choose_step_level(query.range, query.step, complete);
  Nanoseconds step = std::max(query.step, bucket_of(level));
  TimeRange range = widen(query.range, step);
  if (query.step == Nanoseconds(0)) step = range.to - range.from;
  if (static_cast<std::size_t>((range.to - range.from) / step) > kMostSlots) return bad("step", "too many points");
  const ColumnChoice columns(query.numbers, query.sketches);
  Accumulator sums(columns);
  Steps steps(range, step);
  const auto slot_of = [&](const RowBlock& rows, std::size_t i) {
    const auto place = static_cast<std::size_t>(rows.path[i]);
    if (place >= group_of.size() || group_of[place] < 0) return -1;
    return steps.slot(static_cast<std::uint32_t>(group_of[place]), rows.start_ms[i]);
  };
  auto status = sum_rows(
      *reader, {level, range, places, columns}, slot_of, [&] { return steps.size(); }, sums);
  if (!status) return tl::unexpected(status.error());
  std::vector<GroupPoint> points;
  points.reserve(steps.size());
  for (const std::size_t s : steps.in_order()) {
    points.push_back({steps.keys()[s].group, sums.point(s)});
    points.back().point.start = from_unix_ms(steps.keys()[s].start_ms);
    points.back().point.span = step;
  }
  return points;
}

}  // namespace gnomon::store::duckdb
