#include "store/duckdb/summation.h"

#include "store/duckdb/level_table.h"
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

}  // namespace

Status sum_rows(Engine::Reader& reader, const Pass& pass, const SlotOf& slot_of,
                const std::function<std::size_t()>& slots, Accumulator& sums) {
  const std::string where = fmt::format("start_ms >= {} AND start_ms < {}{}", to_unix_ms_up(pass.range.from),
                                        to_unix_ms_up(pass.range.to), where_paths(pass.paths));
  RowBlock rows;
  std::vector<std::int32_t> slot;
  for (int l = static_cast<int>(pass.level); l >= 0; --l) {
    std::string of_level = where;
    if (l < static_cast<int>(pass.level)) {
      const auto& coarser = reader.state().levels[static_cast<std::size_t>(l) + 1];
      if (coarser.rolled >= reader.state().position) continue;  // nothing waits
      of_level += fmt::format(" AND record >= {}", coarser.rolled);
    }
    auto scan = LevelScan::open(reader.connection(), static_cast<Level>(l), of_level, "", pass.sketches);
    if (!scan) return tl::unexpected(scan.error());
    for (auto more = scan->next(rows);; more = scan->next(rows)) {
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
      slot.clear();
      for (std::size_t i = 0; i < rows.size(); ++i) slot.push_back(slot_of(rows, i));
      sums.resize(slots());
      sums.add(rows, slot);
    }
  }
  return {};
}

}  // namespace gnomon::store::duckdb
