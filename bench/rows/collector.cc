// links: schema proto
// The collector as a whole: a real `gnomon serve` with TLS on a folder of its own, and here, in another process, a
// fleet of enrolled probes whose batches are all different, signed, and sent at the rate of their windows. An
// acknowledgement is timed from when the batch was due, so that a generator or server that falls behind hides nothing.

#include <boost/json.hpp>
#include <cmath>
#include <deque>
#include <fstream>

#include "bench/load/https_pool.h"
#include "bench/load/load_fleet.h"
#include "bench/load/server_process.h"
#include "bench/resources.h"
#include "bench/row.h"
#include "gnomon/v1/batch.pb.h"

namespace gnomon::bench {

namespace {

namespace json = boost::json;
using Seconds = std::chrono::duration<double>;

constexpr double kWindowSeconds = 10;
constexpr double kStatusEvery = 5;  // seconds
constexpr double kDrainSeconds = 60;
constexpr double kWarmUpSeconds = 20;  // two windows of every path: tables and caches are what they will be

// What the server said of itself, and what the system says of it, at one moment.
struct Moment {
  double at = 0;  // seconds since the start
  double windows = 0, lag_records = 0, lag_ms = 0, minute_rows = 0;
  double server_cpu = 0, own_cpu = 0;
  Memory memory;
};

class Run {
 public:
  Run(const RunOptions& options, ServerProcess& server)
      : server_(server),
        fleet_(static_cast<std::size_t>(options.setting("probes")), static_cast<std::size_t>(options.setting("paths")),
               1),
        seconds_(options.seconds.value_or(60)),
        batches_a_second_(options.setting("probes") / kWindowSeconds) {}

  Status prepare(std::size_t connections) {
    const auto list = server_.data().parent_path() / "probes.txt";
    std::ofstream(list) << fleet_.enrolment();
    if (Status allowed = server_.run({"probe", "allow", "--from", list}); !allowed) return allowed;
    auto pool = HttpsPool::create(server_.port(), server_.certificate(), connections + 1,
                                  [this](const HttpsPool::Happening& what) { handle(what); });
    if (!pool) return tl::unexpected(pool.error());
    pool_ = std::move(*pool);
    asking_ = connections;  // the last one asks for the status
    for (std::size_t i = 0; i <= connections; ++i) pool_->connect(i);
    const double give_up = now() + 30;
    while (pool_->open() <= connections && now() < give_up) pool_->poll(100);
    if (pool_->open() > connections) return {};
    return failure(ErrorCode::kUnavailable, "connect to server", server_.url(),
                   fmt::format("{} of {} connections stand after 30 s", pool_->open(), connections + 1));
  }

  Status load() {
    begin_ = now();
    double next_status = 0;
    std::uint64_t sent = 0;
    const auto base = std::chrono::floor<std::chrono::seconds>(SystemClock().wall().since_epoch).count() / 10 * 10;
    while (true) {
      const double t = now() - begin_;
      if (t >= kWarmUpSeconds + seconds_) break;
      if (t >= next_status && asking_ready_) {
        ask();
        next_status += kStatusEvery;
      }
      const auto due = static_cast<std::uint64_t>(t * batches_a_second_);
      if (sent < due && !ready_.empty()) {
        const std::size_t probe = sent % fleet_.size();
        const auto round = static_cast<std::int64_t>(sent / fleet_.size());
        const std::size_t connection = ready_.front();
        ready_.pop_front();
        carried_[connection] = {probe, begin_ + static_cast<double>(sent) / batches_a_second_};
        const WallTime start{std::chrono::seconds(base + 10 * (round - 1))};
        pool_->send(connection, post_request("/api/v1/ingest", fleet_.next_request(probe, start)));
        ++sent;
        pool_->poll(0);
      } else {
        pool_->poll(1);
      }
      if (broken_) return tl::unexpected(*broken_);
    }
    sent_ = sent;
    return drain();
  }

  [[nodiscard]] Figures figures();

 private:
  struct Carried {
    std::size_t probe = 0;
    double due = 0;
  };

  static double now() { return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

  void handle(const HttpsPool::Happening& what) {
    if (what.event == PoolEvent::kLost) {
      broken_ = {ErrorCode::kUnavailable, "load server", server_.url(), "it refused or closed a connection", ""};
      return;
    }
    if (what.connection == asking_) {
      asking_ready_ = true;
      if (what.event == PoolEvent::kAnswer) note_status(what);
      return;
    }
    ready_.push_back(what.connection);
    if (what.event == PoolEvent::kAnswer) note_answer(what);
  }

  void note_answer(const HttpsPool::Happening& what) {
    const Carried& carried = carried_[what.connection];
    const bool is_measured = carried.due - begin_ >= kWarmUpSeconds;
    if (is_measured) delays_ms_.push_back(static_cast<float>(1e3 * (now() - carried.due)));
    v1::IngestResponse response;
    const bool stored = what.status == 200 &&
                        response.ParseFromArray(what.body.data(), static_cast<int>(what.body.size())) &&
                        response.acks_size() == 1 && response.acks(0).verdict() == v1::IngestResponse::VERDICT_STORED;
    if (stored) {
      ++stored_;
    } else {
      ++(is_measured ? refused_ : refused_early_);
    }
  }

  void ask() {
    asking_ready_ = false;
    pool_->send(asking_, get_request("/api/v1/status"));
  }

  void note_status(const HttpsPool::Happening& what) {
    if (what.status != 200) return;
    const json::value status = json::parse({what.body.data(), what.body.size()});
    Moment moment;
    moment.at = now() - begin_;
    moment.windows = status.at("windows_stored").to_number<double>();
    moment.lag_records = status.at("lag").at("records").to_number<double>();
    moment.lag_ms = status.at("lag").at("ms").to_number<double>();
    for (const json::value& level : status.at("store").at("levels").as_array()) {
      if (level.at("name").as_string() == "1m") moment.minute_rows = level.at("rows").to_number<double>();
    }
    moment.server_cpu = cpu_seconds(server_.pid());
    moment.own_cpu = cpu_seconds();
    moment.memory = memory(server_.pid());
    moments_.push_back(moment);
  }

  // Waits until all is in the tables, and says how long that took.
  Status drain() {
    const double stop = now();
    while (now() - stop < kDrainSeconds) {
      pool_->poll(100);
      if (broken_) return tl::unexpected(*broken_);
      if (!asking_ready_) continue;
      const double expected = static_cast<double>(stored_ * fleet_.paths());
      if (!moments_.empty() && moments_.back().at > stop - begin_ && moments_.back().windows >= expected) break;
      ask();
    }
    drained_ = now() - stop;
    return {};
  }

  ServerProcess& server_;
  LoadFleet fleet_;
  const double seconds_;
  const double batches_a_second_;
  std::unique_ptr<HttpsPool> pool_;
  std::size_t asking_ = 0;
  bool asking_ready_ = false;
  std::deque<std::size_t> ready_;
  std::map<std::size_t, Carried> carried_;
  std::optional<Error> broken_;
  double begin_ = 0, drained_ = 0;
  std::uint64_t sent_ = 0, stored_ = 0, refused_ = 0, refused_early_ = 0;
  std::vector<float> delays_ms_;
  std::vector<Moment> moments_;
};

double quantile(std::vector<float>& values, double q) {
  if (values.empty()) return std::nan("");
  std::ranges::sort(values);
  return static_cast<double>(values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))]);
}

// Least squares.
template <typename Value>
double slope(std::span<const Moment> moments, Value value) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const Moment& m : moments) {
    const double v = value(m);
    n += 1;
    x += m.at;
    y += v;
    xx += m.at * m.at;
    xy += m.at * v;
  }
  return n < 2 ? std::nan("") : (n * xy - x * y) / (n * xx - x * x);
}

Figures Run::figures() {
  const auto warm = std::ranges::find_if(moments_, [](const Moment& m) { return m.at >= kWarmUpSeconds; });
  const auto over =
      std::ranges::find_if(moments_, [this](const Moment& m) { return m.at > kWarmUpSeconds + seconds_; });
  const std::span<const Moment> measured(warm, over);
  if (measured.size() < 2) return {{"moments measured", static_cast<double>(measured.size()), "", at_least(2)}};
  const Moment& first = measured.front();
  const Moment& last = measured.back();
  const double length = last.at - first.at;
  const double windows = last.windows - first.windows;
  double peak = 0, most_lag = 0;
  for (const Moment& m : measured) {
    peak = std::max(peak, static_cast<double>(m.memory.resident));
    most_lag = std::max(most_lag, m.lag_ms);
  }
  const double wanted = batches_a_second_ * static_cast<double>(fleet_.paths());
  const double server = 1e6 * (last.server_cpu - first.server_cpu) / windows;
  const double own = 1e6 * (last.own_cpu - first.own_cpu) / windows;
  constexpr double kMiB = 1 << 20;
  return {
      {"windows in the tables", windows / length, "windows/s", at_least(0.995 * wanted)},
      {"offered", wanted, "windows/s"},
      {"for", length, "s"},
      {"acknowledged after, p50", quantile(delays_ms_, 0.5), "ms"},
      {"acknowledged after, p99", quantile(delays_ms_, 0.99), "ms", at_most(250)},
      {"acknowledged after, worst", quantile(delays_ms_, 1), "ms"},
      {"batches not stored", static_cast<double>(refused_), "", at_most(0)},
      {"refused while warming up", static_cast<double>(refused_early_), ""},
      {"journal ahead of the tables, most", most_lag / 1e3, "s"},
      {"all in the tables after the end", drained_, "s", at_most(10)},
      {"windows missing in the tables", static_cast<double>(stored_ * fleet_.paths()) - moments_.back().windows, "",
       at_most(0)},
      {"rows of one minute", moments_.back().minute_rows, "rows"},
      {"server resident, most", peak / kMiB, "MiB", at_most(1024)},
      {"server resident, growth",
       60 * slope(measured, [](const Moment& m) { return static_cast<double>(m.memory.resident) / kMiB; }), "MiB/min",
       at_most(1)},
      {"server, not backed by files", static_cast<double>(last.memory.anonymous) / kMiB, "MiB"},
      {"server processor", server, "s a million windows"},
      {"generator processor", own, "s a million windows"},
      {"both, of the machine's two cores", (server + own) * windows / length / 1e6 / 2 * 100, "%"},
      {"buckets a sketch", fleet_.shapes().buckets_a_sketch(), ""},
  };
}

Result<Figures> run(const RunOptions& options) {
  auto server = ServerProcess::start(options.programs, options.scratch);
  if (!server) return tl::unexpected(server.error());
  Run run(options, **server);
  if (Status ready = run.prepare(static_cast<std::size_t>(options.setting("connections"))); !ready) {
    return tl::unexpected(ready.error());
  }
  if (Status loaded = run.load(); !loaded) return tl::unexpected(loaded.error());
  return run.figures();
}

}  // namespace

Row collector() {
  return {
      .name = "collector",
      .summary =
          "signed batches over TLS: verified, journalled, logged, in the tables, rolled up; server and generator here",
      .target = "300,000 windows/s for 300 s, acknowledged within 250 ms at p99, at most 1 GiB resident and flat",
      .settings = {{"probes", 10'000, "identities, a batch each every 10 s"},
                   {"paths", 300, "of each probe, a window each in every batch"},
                   {"connections", 256, "kept alive, shared by the probes"}},
      .in_short_form = true,
      .run = &run};
}

}  // namespace gnomon::bench
