#include "store/duckdb/summation.h"

#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

// A list longer than this costs more to look up than reading the rows between its ends.
constexpr std::size_t kMostListed = 200;

std::string where_paths(const std::vector<std::int32_t>& paths) {
  if (paths.empty()) return {};
  if (paths.size() == 1) return fmt::format(" AND path = {}", paths.front());
  const auto [least, most] = std::ranges::minmax(paths);
  std::string where = fmt::format(" AND path BETWEEN {} AND {}", least, most);
  if (paths.size() > kMostListed) return where;
  std::string list;
  for (const std::int32_t path : paths) list += fmt::format("{}{}", list.empty() ? "" : ",", path);
  return where + " AND path IN (" + list + ")";
}

// Rows of the finer level `level` that are not yet in the next one.
std::string where_waiting(const State& state, Level level) {
  std::string where;
  for (const Run& run : state.runs) {
    if (run.level != level || run.is_rolled()) continue;
    where += fmt::format("{}(run = {} AND {})", where.empty() ? " AND (" : " OR ", run.id,
                         starts_from(run.rolled_before_ms));
  }
  return where.empty() ? where : where + ")";
}

class Summing {
 public:
  Summing(const Pass& pass, const SlotOf& slot_of, const std::function<std::size_t()>& slots, Accumulator& sums)
      : pass_(pass), slot_of_(slot_of), slots_(slots), sums_(sums) {}

  Status add_table(Engine::Reader& reader, Level level, const std::string& where) {
    return reader.take(level, where, pass_.columns, [this](const RowBlock& rows) { add_rows(rows); });
  }

  void add_tail(const Tail& tail) {
    const std::int64_t from_ms = to_unix_ms_up(pass_.range.from), to_ms = to_unix_ms_up(pass_.range.to);
    RowBlock rows;
    const std::unordered_set<std::int32_t> wanted(pass_.paths.begin(), pass_.paths.end());
    for (const auto& chunk : tail) {
      const auto entries = pass_.paths.size() == 1 ? chunk->entries_of(pass_.paths.front()) : chunk->entries();
      for (const TailChunk::Entry& entry : entries) {
        if (entry.start_ms < from_ms || entry.start_ms >= to_ms) continue;
        if (wanted.size() > 1 && !wanted.contains(entry.path)) continue;
        chunk->read(entry, rows);
        if (rows.size() == kTailRows) add_tail_rows(rows);
      }
    }
    add_tail_rows(rows);
  }

 private:
  void add_tail_rows(RowBlock& rows) {
    rows.weigh_means(0);
    add_rows(rows);
    rows.clear();
  }
  void add_rows(const RowBlock& rows) {
    slot_.clear();
    for (std::size_t i = 0; i < rows.size(); ++i) slot_.push_back(slot_of_(rows, i));
    sums_.resize(slots_());
    sums_.add(rows, slot_);
  }

  static constexpr std::size_t kTailRows = 2'048;
  const Pass& pass_;
  const SlotOf& slot_of_;
  const std::function<std::size_t()>& slots_;
  Accumulator& sums_;
  std::vector<std::int32_t> slot_;
};

}  // namespace

Status sum_rows(Engine::Reader& reader, const Pass& pass, const SlotOf& slot_of,
                const std::function<std::size_t()>& slots, Accumulator& sums) {
  const std::string where = starts_from(to_unix_ms_up(pass.range.from)) + " AND " +
                            starts_before(to_unix_ms_up(pass.range.to)) + where_paths(pass.paths);
  Summing summing(pass, slot_of, slots, sums);
  if (auto status = summing.add_table(reader, pass.level, where); !status) return status;
  for (int l = static_cast<int>(pass.level) - 1; l >= 0; --l) {
    const std::string waiting = where_waiting(reader.state(), static_cast<Level>(l));
    if (waiting.empty()) continue;
    if (auto status = summing.add_table(reader, static_cast<Level>(l), where + waiting); !status) return status;
  }
  summing.add_tail(reader.tail());
  return {};
}

}  // namespace gnomon::store::duckdb
