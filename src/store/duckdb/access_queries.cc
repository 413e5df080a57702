// Queries about tests of access networks: the table and the tail together.

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <tuple>

#include "schema/delay_window.h"
#include "store/duckdb/access_table.h"
#include "store/duckdb/queries.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

namespace {

constexpr std::size_t kMostResults = 10'000;

// Of AccessResult: what tells who ran beside whom.
const AccessFields& line_fields() {
  static const AccessFields fields = {1, 2, 5, 13, 25};
  return fields;
}

// What a summary needs.
const AccessFields& summary_fields() {
  static const AccessFields fields = {1, 9, 10, 12, 13, 14, 15, 20, 25, 30, 32, 34, 50};
  return fields;
}

std::string sql_text(std::string_view text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? "''" : std::string(1, c);
  return sql + "'";
}

template <typename Take>
Status each_row(Rows& rows, const AccessFields& fields, const Take& take) {
  for (auto more = rows.next();; more = rows.next()) {
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < rows.size(); ++i) take(read_access_row(rows, i, fields));
  }
}

template <typename Take>
void each_in_tail(const Tail& tail, TimeRange range, const Take& take) {
  for (const auto& chunk : tail) {
    for (const AccessRow& row : chunk->access()) {
      if (row.result.start >= range.from && row.result.start < range.to) take(row);
    }
  }
}

auto order_of(const AccessRow& row) {
  return std::tuple(to_unix_ms(row.result.start), row.record, row.place);
}
bool is_newer(const AccessRow& a, const AccessRow& b) {
  return order_of(a) > order_of(b);
}

std::string began_in(TimeRange range) {
  return fmt::format("start_ms >= {} AND start_ms < {}", to_unix_ms_up(range.from), to_unix_ms_up(range.to));
}

constexpr std::string_view kNewestFirst = "start_ms DESC, record DESC, place DESC";

auto key_of(const AccessRow& row) {
  const schema::AccessResult& r = row.result;
  return std::tuple(row.probe, r.network, r.access, r.method, r.direction, r.family);
}

}  // namespace

Result<std::vector<AccessRow>> read_access(Engine& engine, const AccessQuery& query) {
  if (auto status = check(query.range); !status) return tl::unexpected(status.error());
  if (query.limit == 0 || query.limit > kMostResults) {
    return failure(ErrorCode::kInvalidArgument, "query", "limit", fmt::format("it must be 1 to {}", kMostResults));
  }
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  std::string where = began_in(query.range);
  if (query.probe) where += fmt::format(" AND probe = '{}'", to_string(*query.probe));
  if (query.site) where += fmt::format(" AND site = {}", sql_text(*query.site));
  if (query.either_site) where += fmt::format(" AND {0} IN (site, target_site)", sql_text(*query.either_site));
  auto rows = reader->connection().query(fmt::format("SELECT {} FROM access_result WHERE {} ORDER BY {} LIMIT {}",
                                                     access_columns_sql(), where, kNewestFirst, query.limit),
                                         "read access results");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<AccessRow> list;
  if (auto status = each_row(*rows, {}, [&](AccessRow row) { list.push_back(std::move(row)); }); !status) {
    return tl::unexpected(status.error());
  }
  each_in_tail(reader->tail(), query.range, [&](const AccessRow& row) {
    const bool is_wanted =
        (!query.probe || row.probe == *query.probe) && (!query.site || row.site == *query.site) &&
        (!query.either_site || row.site == *query.either_site || row.result.target_site == *query.either_site);
    if (is_wanted) list.push_back(row);
  });
  std::ranges::sort(list, is_newer);
  if (list.size() > query.limit) list.erase(list.begin() + static_cast<std::ptrdiff_t>(query.limit), list.end());
  return list;
}

Result<std::vector<AccessRow>> read_newest_access(Engine& engine, WallTime since) {
  const TimeRange range{since, from_unix_ms(kEndUnixMs)};
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  auto rows = reader->connection().query(
      fmt::format(
          "SELECT {} FROM access_result WHERE {} QUALIFY row_number() OVER (PARTITION BY probe, network, access, "
          "method, direction, family ORDER BY {}) = 1",
          access_columns_sql(), began_in(range), kNewestFirst),
      "read newest access results");
  if (!rows) return tl::unexpected(rows.error());
  using Key = decltype(key_of(AccessRow{}));
  std::map<Key, AccessRow> newest;
  const auto take = [&](AccessRow row) {
    const auto [at, is_new] = newest.try_emplace(key_of(row), row);
    if (!is_new && is_newer(row, at->second)) at->second = std::move(row);
  };
  if (auto status = each_row(*rows, {}, take); !status) return tl::unexpected(status.error());
  each_in_tail(reader->tail(), range, take);
  std::vector<AccessRow> list;
  for (auto& [key, row] : newest) list.push_back(std::move(row));
  std::ranges::sort(list, is_newer);
  return list;
}

Result<DisturbedTests> read_disturbed_tests(Engine& engine, TimeRange range) {
  if (auto status = check(range); !status) return tl::unexpected(status.error());
  const TimeRange wide{std::max(range.from - kLongestTest, WallTime{}),
                       std::min(range.to + kLongestTest, from_unix_ms(kEndUnixMs))};
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  auto rows = reader->connection().query(
      fmt::format("SELECT {} FROM access_result WHERE {}", access_columns_sql(line_fields()), began_in(wide)),
      "look for tests beside others");
  if (!rows) return tl::unexpected(rows.error());
  DisturbanceFinder finder;
  const auto add = [&](const AccessRow& row) { finder.add(row); };
  if (auto status = each_row(*rows, line_fields(), add); !status) return tl::unexpected(status.error());
  each_in_tail(reader->tail(), wide, add);
  return finder.finish(range.from, range.to);
}

Result<AccessSummaries> read_access_summaries(Engine& engine, const AccessSummaryQuery& query) {
  auto disturbed = read_disturbed_tests(engine, query.range);
  if (!disturbed) return tl::unexpected(disturbed.error());
  auto reader = engine.reader();
  if (!reader) return tl::unexpected(reader.error());
  const std::string where = began_in(query.range) + (query.site ? " AND site = " + sql_text(*query.site) : "");
  auto rows = reader->connection().query(
      fmt::format("SELECT {} FROM access_result WHERE {}", access_columns_sql(summary_fields()), where),
      "sum up access results");
  if (!rows) return tl::unexpected(rows.error());
  std::deque<AccessSummer> summers;
  for (const AccessCut& cut : query.cuts) summers.emplace_back(cut.slot, query.utc_offset);
  const auto add = [&](AccessRow row) {
    if (query.site && row.site != *query.site) return;
    if (disturbed->contains({row.record, row.place})) row.result.marks |= schema::kMarkCapacityTest;
    for (std::size_t i = 0; i < summers.size(); ++i) {
      summers[i].add(query.cuts[i].by_site ? row.site : "", row.result);
    }
  };
  if (auto status = each_row(*rows, summary_fields(), add); !status) return tl::unexpected(status.error());
  each_in_tail(reader->tail(), query.range, add);
  AccessSummaries summaries;
  for (AccessSummer& summer : summers) summaries.cuts.push_back(summer.finish());
  summaries.disturbed = std::move(*disturbed);
  return summaries;
}

}  // namespace gnomon::store::duckdb
