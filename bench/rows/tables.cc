// links: store_duckdb
// What the tables alone cost at a country's size: windows applied, flushed and rolled up, no network, no journal.

#include <unistd.h>

#include <algorithm>

#include "bench/resources.h"
#include "bench/row.h"
#include "bench/store_feed.h"
#include "core/freed_memory.h"
#include "store/duckdb/duckdb_store.h"
#include "store/level_columns.h"

namespace gnomon::bench {

namespace {

using std::chrono::seconds;

double mib(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

Result<Figures> run_tables(const RunOptions& options) {
  keep_freed_memory();  // as the server does
  store::duckdb::Options store_options;
  store_options.threads = static_cast<int>(options.setting("threads"));
  auto store = store::duckdb::open(options.scratch / "store" / "gnomon.duckdb", store_options);
  if (!store) return tl::unexpected(store.error());
  StoreFeed feed(**store, static_cast<std::size_t>(options.setting("paths")), 300, seconds(10));
  const auto rounds = static_cast<std::size_t>(std::max(1.0, options.seconds.value_or(60) / 10));
  // The first round names the paths, which happens once.
  if (auto status = feed.run(1, 60'000); !status) return tl::unexpected(status.error());
  const std::uint64_t windows_before = feed.windows();
  const double cpu_before = cpu_seconds();
  std::uint64_t resident = 0, anonymous = 0, early = 0;
  const auto look = [&] {
    const Memory now = memory(::getpid());
    resident = std::max(resident, now.resident);
    anonymous = std::max(anonymous, now.anonymous);
    if (feed.windows() < windows_before + feed.paths() * rounds / 2) early = std::max(early, now.anonymous);
  };
  if (auto status = feed.run(rounds, 60'000, look); !status) return tl::unexpected(status.error());
  const double applied = static_cast<double>(feed.windows() - windows_before);
  const double cpu = cpu_seconds() - cpu_before;
  const auto use = (*store)->storage();
  if (!use) return tl::unexpected(use.error());
  Figures figures = {
      {"CPU, applied and rolled up as it goes", cpu / applied * 1e6, "CPU-s/million windows", at_most(2.0)},
      {"windows", applied, "windows"},
      {"paths", static_cast<double>(feed.paths()), "paths"},
      {"resident, most", mib(resident), "MiB", at_most(1'024)},
      {"of it not backed by files, most", mib(anonymous), "MiB"},
      {"the same in the first half", mib(early), "MiB"},
  };
  for (const store::LevelUse& level : use->levels) {
    if (level.rows == 0 || level.bytes == 0) continue;
    figures.push_back(
        {fmt::format("rows of level {}", to_string(level.level)), static_cast<double>(level.rows), "rows"});
  }
  return figures;
}

}  // namespace

Row tables() {
  Row row;
  row.name = "tables";
  row.summary = "the tables alone: windows of many paths applied, flushed and rolled up";
  row.target = "≤ 2.0 CPU-s a million windows, ≤ 1 GiB resident, of 3,000,000 paths";
  row.settings = {{"paths", 300'000, "how many paths send a window each 10 s; 3000000 is a country"}};
  row.settings.push_back({"threads", 1, "that DuckDB may use"});
  row.run = run_tables;
  return row;
}

}  // namespace gnomon::bench
