// links: store_duckdb
// How long the two queries of a dashboard take while windows are applied: one path by minute over a day, a thousand
// paths by region and hour over a month. Through the store's interface; each query in turn, from one thread.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "bench/row.h"
#include "bench/store_feed.h"
#include "core/freed_memory.h"
#include "store/duckdb/duckdb_store.h"

namespace gnomon::bench {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Clock = std::chrono::steady_clock;

// Applies windows at a steady rate until it is destroyed.
class Ingest {
 public:
  Ingest(StoreFeed& feed, double windows_a_second)
      : thread_([this, &feed, windows_a_second] {
          const auto begin = Clock::now();
          const std::uint64_t before = feed.windows();
          while (!done_) {
            const double due = std::chrono::duration<double>(Clock::now() - begin).count() * windows_a_second;
            if (static_cast<double>(feed.windows() - before) > due) {
              std::this_thread::sleep_for(std::chrono::milliseconds(5));
            } else {
              status_ = feed.run_part(static_cast<std::size_t>(windows_a_second / 10));
              if (!status_) return;
            }
          }
        }) {}
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;
  ~Ingest() { (void)stop(); }
  Status stop() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  std::atomic<bool> done_ = false;
  Status status_;
  std::thread thread_;
};

struct Times {
  std::vector<double> ms;
  [[nodiscard]] double at(double q) {
    std::ranges::sort(ms);
    return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))];
  }
};

template <typename Query>
Result<Times> time(int runs, const Query& query) {
  Times times;
  for (int i = 0; i < runs; ++i) {
    const auto begin = Clock::now();
    if (const Status status = query(i); !status) return tl::unexpected(status.error());
    times.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  return times;
}

void read_percentiles(const store::Point& point) {
  for (const double q : {0.5, 0.95, 0.99}) (void)point.rtt.quantile(q);
}

Result<std::unique_ptr<store::Store>> open_store(const RunOptions& options, std::string_view name) {
  store::duckdb::Options store_options;
  store_options.threads = static_cast<int>(options.setting("threads"));
  return store::duckdb::open(options.scratch / name / "gnomon.duckdb", store_options);
}

// A month that was applied within seconds is still being summed up; one that took a month is not. This changes nothing
// and waits for it, as every write does but apply().
Status wait_for_sums(store::Store& store) {
  return store.set_retention(store::Level::kDay, std::nullopt);
}

Status day(const RunOptions& options, Figures& figures) {
  auto store = open_store(options, "day");
  if (!store) return tl::unexpected(store.error());
  StoreFeed feed(**store, static_cast<std::size_t>(options.setting("paths")), 100, minutes(1));
  if (auto status = feed.run(24 * 60, 100'000); !status) return status;
  if (auto status = wait_for_sums(**store); !status) return status;
  Ingest ingest(feed, options.setting("rate"));
  auto times = time(100, [&](int i) -> Status {
    const store::TimeRange range{feed.now() - hours(24), feed.now()};
    const auto path = static_cast<std::size_t>(i) * 7'919 % feed.paths();
    const auto answer = (*store)->series({feed.id(path), range, 1'500, store::Level::kMinute, store::kRtt});
    if (!answer) return tl::unexpected(answer.error());
    if (answer->points.size() < 1'400) return failure(ErrorCode::kCorrupt, "query", "day", "points are missing");
    for (const store::Point& point : answer->points) read_percentiles(point);
    return {};
  });
  if (!times) return tl::unexpected(times.error());
  figures.push_back({"one path by minute over 24 h, median", times->at(0.5), "ms", at_most(20)});
  figures.push_back({"one path by minute over 24 h, p99 of 100 paths", times->at(0.99), "ms"});
  figures.push_back({"paths with 24 h of minutes", static_cast<double>(feed.paths()), "paths"});
  return ingest.stop();
}

Status month(const RunOptions& options, Figures& figures) {
  auto store = open_store(options, "month");
  if (!store) return tl::unexpected(store.error());
  StoreFeed feed(**store, 1'000, 50, minutes(10));
  if (auto status = feed.run(30 * 24 * 6, 50'000); !status) return status;
  if (auto status = wait_for_sums(**store); !status) return status;
  store::GroupQuery query{
      {}, {feed.now() - hours(24 * 30), feed.now()}, hours(1), store::kRtt, store::Numbers::kPackets};
  for (std::size_t i = 0; i < feed.paths(); ++i)
    query.paths.push_back({feed.id(i), static_cast<std::uint32_t>(i / 50)});
  Ingest ingest(feed, 100);
  auto times = time(30, [&](int) -> Status {
    const auto points = (*store)->groups(query);
    if (!points) return tl::unexpected(points.error());
    if (points->size() < 20 * 30 * 24) return failure(ErrorCode::kCorrupt, "query", "month", "points are missing");
    for (const store::GroupPoint& point : *points) read_percentiles(point.point);
    return {};
  });
  if (!times) return tl::unexpected(times.error());
  figures.push_back({"1,000 paths by 20 regions and hour over 30 days, median", times->at(0.5), "ms", at_most(200)});
  figures.push_back({"1,000 paths by 20 regions and hour over 30 days, worst of 30", times->at(1), "ms"});
  return ingest.stop();
}

Result<Figures> run_query(const RunOptions& options) {
  keep_freed_memory();  // as the server does
  Figures figures;
  if (options.setting("paths") > 0) {
    if (auto status = day(options, figures); !status) return tl::unexpected(status.error());
  }
  if (options.setting("month") > 0) {
    if (auto status = month(options, figures); !status) return tl::unexpected(status.error());
  }
  return figures;
}

}  // namespace

Row query() {
  Row row;
  row.name = "query";
  row.summary =
      "percentiles of one path by minute over a day, of 1,000 paths by region and hour over a month, under ingest";
  row.target = "≤ 20 ms, ≤ 200 ms";
  row.settings = {{"paths", 10'000, "paths in the store of the first query; 0 leaves it out"},
                  {"month", 1, "0 leaves the second query out"},
                  {"rate", 1'000, "windows/s applied meanwhile"},
                  {"threads", 1, "that DuckDB may use"}};
  row.in_short_form = false;
  row.run = run_query;
  return row;
}

}  // namespace gnomon::bench
