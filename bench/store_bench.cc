// links: store_duckdb
//
// What the embedded store does in a second and what it takes on disk: store_bench DIR [WINDOWS] [PATHS].
//
//   1. ingest    WINDOWS windows of PATHS paths, 10 s each, applied in ranges; rollups included
//   2. day       1,000 paths, a minute a window, 24 h: the series of one path by minute
//   3. month     1,000 paths over 30 days: p50 by region and hour, alone and while ingest goes on
//
// DIR is made and emptied. Windows have three sketches of about five buckets and one of about eight (ipdv).

#include <fmt/core.h>
#include <sys/resource.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include "core/random.h"
#include "gnomon/v1/delay.pb.h"
#include "schema/delay_columns.h"
#include "store/duckdb/duckdb_store.h"

namespace {

using namespace gnomon;
using namespace gnomon::store;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime kStart{seconds(1'750'003'200)};  // a UTC midnight
constexpr std::size_t kPathsPerProbe = 50;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto of = [](timeval t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return of(use.ru_utime) + of(use.ru_stime);
}

template <typename T>
T need(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().message());
  std::exit(1);
}

void need(const Status& status) {
  if (status) return;
  fmt::print(stderr, "{}\n", status.error().message());
  std::exit(1);
}

// One window of every path of a probe; ready-made ones (a prime number) are used again and again.
struct Message {
  v1::DelayWindows columns;
  schema::DelayColumns view;
};

void fill(DelaySketch& sketch, Random& random, double typical_ns) {
  for (int i = 0; i < 10; ++i) {
    sketch.add(Nanoseconds(static_cast<std::int64_t>(typical_ns * (1 + 0.05 * random.uniform()))));
  }
}

std::unique_ptr<Message> make_message(Random& random, Nanoseconds length) {
  auto message = std::make_unique<Message>();
  for (std::uint32_t p = 0; p < kPathsPerProbe; ++p) {
    const double typical = 1e6 * (1 + 3.0 * p);
    schema::DelayWindow w;
    w.start = kStart + std::chrono::milliseconds(p);
    w.duration = length;
    w.outcome = schema::Outcome::kAnswered;
    w.sent = w.received = 10;
    fill(w.rtt, random, typical);
    fill(w.forward, random, typical / 2);
    fill(w.backward, random, typical / 2);
    fill(w.ipdv, random, typical * 0.01 * random.uniform());
    const auto about = [&](double factor) {
      return Nanoseconds(static_cast<std::int64_t>(typical * factor * (1 + 0.01 * random.uniform())));
    };
    w.rtt_min = about(1.0);
    w.rtt_mean = *w.rtt_min + about(0.01);
    w.rtt_max = *w.rtt_mean + about(0.01);
    w.forward_min = about(0.5);
    w.forward_max = *w.forward_min + about(0.01);
    w.backward_min = about(0.5);
    w.backward_max = *w.backward_min + about(0.01);
    w.timestamp_source = schema::TimestampSource::kKernel;
    w.error_bound = Nanoseconds(20'000 + random.next() % 30'000);
    w.clock_bound = Nanoseconds(100'000);
    schema::append(message->columns, p, kStart, w);
  }
  message->view = *schema::DelayColumns::view(message->columns, kPathsPerProbe);
  return message;
}

double buckets_a_sketch() {
  SeededRandom random(1);
  const auto message = make_message(random, seconds(10));
  const auto& view = message->view;
  std::size_t buckets = 0;
  for (const auto* sketch : {&view.rtt(), &view.forward(), &view.backward()}) buckets += sketch->number.size();
  return static_cast<double>(buckets) / (3.0 * kPathsPerProbe);
}

class Feed {
 public:
  Feed(Store& store, std::size_t paths, Nanoseconds length)
      : store_(store), probes_((paths + kPathsPerProbe - 1) / kPathsPerProbe), length_(length) {
    SeededRandom random(1);
    for (int i = 0; i < 211; ++i) messages_.push_back(make_message(random, length));
    for (std::size_t p = 0; p < probes_; ++p) {
      std::vector<PathFields> fields;
      for (std::size_t i = 0; i < kPathsPerProbe; ++i) {
        PathFields path;
        path.id = PathId{0x9e3779b97f4a7c15ULL * (p * kPathsPerProbe + i + 1)};
        path.plan_item = "mesh";
        path.method = "stamp";
        path.target = fmt::format("target-{}", i);
        path.family = i % 2 == 0 ? 4 : 6;
        fields.push_back(path);
        ids_.push_back(path.id);
      }
      paths_.push_back(std::move(fields));
    }
  }

  // `rounds` windows of every path, the next in time, applied in ranges of about `rows` windows.
  void run(std::size_t rounds, std::size_t rows) {
    std::vector<AppliedBatch> batches;
    const std::size_t most = std::max<std::size_t>(1, rows / kPathsPerProbe);
    for (std::size_t r = 0; r < rounds; ++r, ++round_) {
      for (std::size_t p = 0; p < probes_; ++p) {
        AppliedBatch& batch = batches.emplace_back();
        batch.record = record_++;
        batch.base = kStart + static_cast<std::int64_t>(round_) * length_;
        std::memcpy(batch.header.probe.bytes.data(), &p, sizeof p);
        batch.header.sequence = round_ + 1;
        batch.header.received = batch.base;
        batch.header.site = fmt::format("site-{}", p % 20);
        batch.paths = paths_[p];
        batch.windows = &messages_[record_ % messages_.size()]->view;
        if (batches.size() == most) flush(batches);
      }
    }
    flush(batches);
  }
  [[nodiscard]] const std::vector<PathId>& ids() const { return ids_; }

 private:
  void flush(std::vector<AppliedBatch>& batches) {
    if (batches.empty()) return;
    const double begin = now();
    need(store_.apply(batches, {batches.front().record}, {record_}));
    applying_ += now() - begin;
    batches.clear();
  }
  Store& store_;
  std::size_t probes_;
  Nanoseconds length_;
  std::vector<std::unique_ptr<Message>> messages_;
  std::vector<std::vector<PathFields>> paths_;
  std::vector<PathId> ids_;
  std::uint64_t record_ = 0;
  std::size_t round_ = 0;

 public:
  double applying_ = 0;
};

void print_storage(Store& store) {
  const StorageUse use = need(store.storage());
  for (const LevelUse& level : use.levels) {
    if (level.rows == 0) continue;
    fmt::print("  {:>3}: {:>10} rows  {:>6.1f} MB  {:>5.1f} bytes a row\n",
               std::array{"raw", "1m", "1h", "1d"}[static_cast<std::size_t>(level.level)], level.rows,
               static_cast<double>(level.bytes) / 1e6,
               static_cast<double>(level.bytes) / static_cast<double>(level.rows));
  }
  fmt::print("  file {:.1f} MB, of it free {:.1f} MB\n", static_cast<double>(use.file_bytes) / 1e6,
             static_cast<double>(use.free_bytes) / 1e6);
}

// Median and worst of some runs, in ms.
template <typename Query>
void time_query(const std::string& name, int runs, const Query& query) {
  std::vector<double> times;
  std::size_t points = 0;
  for (int i = 0; i < runs; ++i) {
    const double begin = now();
    points = query(i);
    times.push_back(1e3 * (now() - begin));
  }
  std::ranges::sort(times);
  fmt::print("  {}: median {:.1f} ms, worst {:.1f} ms, {} points\n", name, times[times.size() / 2], times.back(),
             points);
}

std::unique_ptr<Store> open_new(const std::filesystem::path& folder, const std::string& name) {
  need(duckdb::remove(folder / name));
  return need(duckdb::open(folder / name));
}

void bench_ingest(const std::filesystem::path& folder, std::size_t windows, std::size_t paths) {
  fmt::print("ingest: {} windows of {} paths, 10 s each, {:.1f} buckets a sketch\n", windows, paths,
             buckets_a_sketch());
  const auto store = open_new(folder, "ingest.duckdb");
  Feed feed(*store, paths, seconds(10));
  const double cpu_before = cpu();
  feed.run(windows / paths, 200'000);
  const double stored = static_cast<double>(store->windows_stored());
  fmt::print("  applied {:.0f} windows/s, {:.2f} CPU-s per million\n", stored / feed.applying_,
             1e6 * (cpu() - cpu_before) / stored);
  const double begin = now();
  need(store->compact());
  fmt::print("  compact {:.2f} s\n", now() - begin);
  print_storage(*store);
}

void bench_day(const std::filesystem::path& folder) {
  fmt::print("day: 1,000 paths, a window a minute, 24 h\n");
  const auto store = open_new(folder, "day.duckdb");
  Feed feed(*store, 1'000, minutes(1));
  feed.run(24 * 60, 1'000);  // live: a range is a minute
  const TimeRange day{kStart, kStart + hours(24)};
  const auto series = [&](int i) {
    const auto answer =
        need(store->series({feed.ids()[static_cast<std::size_t>(i) * 37 % 1'000], day, 1'440, Level::kMinute, kRtt}));
    for (const Point& p : answer.points) {
      for (const double q : {0.5, 0.95, 0.99}) (void)p.rtt.quantile(q);
    }
    return answer.points.size();
  };
  time_query("one path, p50/p95/p99 by minute", 30, series);
  time_query("all paths, last minute (summaries)", 30, [&](int) {
    return need(store->summaries({{}, {day.to - minutes(1), day.to}, kAllSketches})).size();
  });
  time_query("latest windows of a minute", 30, [&](int) {
    return need(store->latest({day.to - minutes(1), {}})).size();
  });
  print_storage(*store);
}

void bench_month(const std::filesystem::path& folder) {
  fmt::print("month: 1,000 paths, 10 min a window, 30 days\n");
  const auto store = open_new(folder, "month.duckdb");
  Feed feed(*store, 1'000, minutes(10));
  feed.run(30 * 144, 50'000);
  GroupQuery query{{}, {kStart, kStart + hours(24 * 30)}, hours(1), kRtt};
  for (std::size_t i = 0; i < feed.ids().size(); ++i)
    query.paths.push_back({feed.ids()[i], static_cast<std::uint32_t>(i % 20)});
  const auto by_region = [&](int) {
    const auto points = need(store->groups(query));
    for (const GroupPoint& p : points) (void)p.point.rtt.quantile(0.5);
    return points.size();
  };
  time_query("20 regions by hour", 10, by_region);
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) feed.run(1, 1'000);
  });
  time_query("20 regions by hour while ingest goes on", 10, by_region);
  done = true;
  writer.join();
  print_storage(*store);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "store_bench DIR [WINDOWS] [PATHS] [ingest|day|month]\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto number = [&](int i, std::size_t otherwise) { return argc > i ? std::stoul(argv[i]) : otherwise; };
  const std::string only = argc > 4 ? argv[4] : "";
  std::filesystem::create_directories(folder);
  if (only.empty() || only == "ingest") bench_ingest(folder, number(2, 5'000'000), number(3, 10'000));
  if (only.empty() || only == "day") bench_day(folder);
  if (only.empty() || only == "month") bench_month(folder);
  return 0;
}
