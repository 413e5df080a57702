// links: net
// Ten thousand probes that stay connected over TLS, and all come back after the server was restarted. Each asks once
// when it is connected, and is back only when it was answered.

#include <cmath>
#include <thread>

#include "bench/load/https_pool.h"
#include "bench/load/server_process.h"
#include "bench/resources.h"
#include "bench/row.h"
#include "core/random.h"
#include "net/open_files.h"

namespace gnomon::bench {

namespace {

constexpr double kFirstBackoff = 1, kLongestBackoff = 30;  // seconds, as a probe's uplink has them
constexpr double kGiveUp = 120;
constexpr double kMiB = 1 << 20;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Probes {
 public:
  Probes(ServerProcess& server, std::size_t count) : server_(server), probes_(count) {}

  Status create() {
    auto pool = HttpsPool::create(server_.port(), server_.certificate(), probes_.size(),
                                  [this](const HttpsPool::Happening& what) { handle(what); });
    if (!pool) return tl::unexpected(pool.error());
    pool_ = std::move(*pool);
    return {};
  }

  // Each begins at a moment of its own within `spread` seconds. Returns when all were answered or kGiveUp is over: how
  // long that took.
  double connect_all(double spread) {
    const double begin = now();
    for (Probe& probe : probes_) {
      if (!probe.is_answered) probe.next_try = begin + spread * random_.uniform();
    }
    while (answered_ < probes_.size() && now() - begin < kGiveUp) {
      try_again();
      pool_->poll(5);
      most_memory_ = std::max(most_memory_, static_cast<double>(memory(server_.pid()).resident));
    }
    return now() - begin;
  }

  // Sees the connections go.
  void wait_for_loss(double at_most) {
    const double begin = now();
    while (answered_ > 0 && now() - begin < at_most) pool_->poll(10);
  }

  [[nodiscard]] std::size_t answered() const { return answered_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] double most_memory() const { return most_memory_; }

 private:
  struct Probe {
    bool is_trying = false, is_answered = false;
    double next_try = INFINITY, backoff = kFirstBackoff;
  };

  void try_again() {
    const double t = now();
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      Probe& probe = probes_[i];
      if (probe.is_trying || probe.next_try > t) continue;
      probe.is_trying = true;
      probe.next_try = INFINITY;
      pool_->connect(i);
    }
  }

  void handle(const HttpsPool::Happening& what) {
    Probe& probe = probes_[what.connection];
    switch (what.event) {
      case PoolEvent::kReady:
        pool_->send(what.connection, get_request("/healthz"));
        return;
      case PoolEvent::kAnswer:
        if (what.status != 200 || probe.is_answered) return;
        probe.is_answered = true;
        probe.backoff = kFirstBackoff;
        ++answered_;
        return;
      case PoolEvent::kLost:
        if (probe.is_answered) {
          --answered_;
        } else {
          ++failures_;
        }
        probe.is_answered = probe.is_trying = false;
        probe.next_try = now() + probe.backoff * (0.5 + 0.5 * random_.uniform());
        probe.backoff = std::min(2 * probe.backoff, kLongestBackoff);
        return;
    }
  }

  ServerProcess& server_;
  SeededRandom random_{1};
  std::vector<Probe> probes_;
  std::unique_ptr<HttpsPool> pool_;
  std::size_t answered_ = 0;
  std::uint64_t failures_ = 0;
  double most_memory_ = 0;
};

Result<Figures> run(const RunOptions& options) {
  const auto count = static_cast<std::size_t>(options.setting("probes"));
  if (const auto files = net::raise_open_files(); files < count + 64) {
    return failure(ErrorCode::kExhausted, "connect probes", "",
                   fmt::format("the system allows {} open files, {} are needed", files, count + 64),
                   "raise the hard limit (ulimit -Hn) or ask for fewer with --set probes=N");
  }
  auto server = ServerProcess::start(options.programs, options.scratch);
  if (!server) return tl::unexpected(server.error());
  Probes probes(**server, count);
  if (Status created = probes.create(); !created) return tl::unexpected(created.error());
  const double first = probes.connect_all(options.setting("spread"));
  const std::size_t stood = probes.answered();
  const std::uint64_t failures_before = probes.failures();
  if (Status restarted = (*server)->restart(); !restarted) return tl::unexpected(restarted.error());
  probes.wait_for_loss(5);
  const double again = probes.connect_all(0);
  return Figures{
      {"probes connected at once", static_cast<double>(stood), "", at_least(static_cast<double>(count))},
      {"all connected and answered after", first, "s"},
      {"all back after the restart", again, "s", at_most(60)},
      {"not back", static_cast<double>(count - probes.answered()), "", at_most(0)},
      {"tries that failed, before the restart", static_cast<double>(failures_before), ""},
      {"tries that failed, after it", static_cast<double>(probes.failures() - failures_before), ""},
      {"server resident, most", probes.most_memory() / kMiB, "MiB", at_most(2048)},
  };
}

}  // namespace

Row connections() {
  return {.name = "connections",
          .summary = "probes connected over TLS at once, all coming back after a restart of the server",
          .target = "10,000 probes back within 60 s, no failure that outlasts the backoff, at most 2 GiB",
          .settings = {{"probes", 10'000, "connections kept at once"}, {"spread", 10, "seconds over which they begin"}},
          .in_short_form = true,
          .run = &run};
}

}  // namespace gnomon::bench
