#include "simulation/history.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <queue>

#include "simulation/probe_model.h"
#include "simulation/server_model.h"

namespace gnomon::simulation {
namespace {

using namespace std::chrono_literals;

class History {
 public:
  History(std::uint64_t seed, const Bugs& bugs, bool narrate)
      : random_(seed),
        narrate_(narrate),
        server_(oracle_, bugs.server_acknowledges_early),
        probe_(oracle_, clock_, random_, limits(), bugs.probe) {}

  Outcome run() {
    if (narrate_) probe_.set_narrator([this](const std::string& what) { note("  probe: " + what); });
    probe_.set_crash_chance(chance(50) ? 3000 : 0);
    probe_.start();
    in(10s, [this] { measure(); });
    in(pause(20s), [this] { trouble(); });
    run_until(clock_.now() + 400s);
    heal();
    in(1s, [this] { finish(); });
    run_until(clock_.now() + 1200s);
    Outcome outcome = outcome_;
    outcome.violation = oracle_.verdict();
    if (outcome.violation.empty() && !probe_.is_idle()) outcome.violation = "the probe did not come to rest";
    outcome.fingerprint = fingerprint_;
    outcome.batches_applied = oracle_.batches_applied();
    outcome.ranges_reported = oracle_.ranges_reported();
    return outcome;
  }

 private:
  struct Event {
    MonotonicTime at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;  // The soonest is on top.
    }
  };

  bool chance(unsigned percent) { return random_.next() % 100 < percent; }
  Nanoseconds pause(Nanoseconds most) {
    return Nanoseconds{static_cast<std::int64_t>(random_.uniform() * static_cast<double>(most.count()))};
  }
  probe::DeliveryLimits limits() {
    probe::DeliveryLimits limits;
    // Small enough that some histories drop much, others nothing.
    limits.disk_bytes = std::uint64_t{300} << (random_.next() % 8);
    limits.memory_bytes = std::uint64_t{200} << (random_.next() % 5);
    limits.request_bytes = std::uint64_t{200} << (random_.next() % 6);
    return limits;
  }
  void note(const std::string& what) {
    for (const char c : what) fingerprint_ = (fingerprint_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    if (narrate_) std::printf("%10.3f %s\n", static_cast<double>(clock_.now().since_boot.count()) / 1e9, what.c_str());
  }
  void in(Nanoseconds delay, std::function<void()> happen) {
    events_.push({clock_.now() + delay, next_order_++, std::move(happen)});
  }

  void run_until(MonotonicTime end) {
    while (true) {
      const auto wake = probe_.wake();
      const bool timer = wake && (events_.empty() || *wake <= events_.top().at);
      const MonotonicTime next = timer ? *wake : events_.empty() ? end : events_.top().at;
      if (next >= end) break;
      if (next > clock_.now()) clock_.advance(next - clock_.now());
      if (timer) {
        probe_.tick();
      } else {
        const Event event = events_.top();
        events_.pop();
        event.happen();
      }
      carry();
      if (!probe_.is_up() && !restart_planned_) plan_restart();
    }
    if (end > clock_.now()) clock_.advance(end - clock_.now());
  }

  void plan_restart() {
    ++outcome_.probe_crashes;
    note("probe down");
    restart_planned_ = true;
    in(1s + pause(20s), [this] {
      restart_planned_ = false;
      probe_.start();
      note("probe up");
    });
  }

  // The network takes what the probe posted.
  void carry() {
    for (const Posted& posted : probe_.take_posted()) {
      note(fmt::format("request {} with {} batches", posted.request, posted.batches.size()));
      const bool lost = !healed_ && chance(loss_);
      const bool doubled = !healed_ && chance(10);
      if (!lost) in(pause(200ms), [this, posted] { arrive(posted); });
      if (doubled) in(pause(60s), [this, posted] { arrive(posted); });
      constexpr auto kTimeout = 10s;
      in(kTimeout, [this, posted] { probe_.fail(posted.life, posted.request, {"timed out", false, false, {}}); });
    }
  }

  void arrive(const Posted& posted) {
    if (!server_up_) {
      note("connection refused");
      return probe_.fail(posted.life, posted.request, {"connection refused", false, false, {}});
    }
    if (!healed_ && chance(5)) {
      note("server busy");
      return probe_.fail(posted.life, posted.request, {"busy", false, true, 3s});
    }
    const auto asked = server_.take(posted.batches, enrolled_);
    if (asked.ticket == 0) return reply(posted, asked.acks);
    const std::uint64_t life = server_life_;
    in(pause(500ms), [this, posted, asked, life] {
      if (!server_up_ || life != server_life_) return;  // It crashed before it could commit.
      server_.commit();
      reply(posted, asked.acks);
    });
  }

  void reply(const Posted& posted, const std::vector<probe::Ack>& acks) {
    server_.answered(acks);
    if (!healed_ && chance(loss_)) return note(fmt::format("answer to {} lost", posted.request));
    const Nanoseconds delay = !healed_ && chance(10) ? pause(30s) : pause(100ms);
    in(delay, [this, posted, acks] { probe_.answer(posted.life, posted.request, acks); });
    if (!healed_ && chance(5))
      in(delay + pause(20s), [this, posted, acks] { probe_.answer(posted.life, posted.request, acks); });
  }

  void measure() {
    probe_.close_batch(1 + random_.next() % 5);
    note("batch closed");
    if (!finished_) in(2s + pause(10s), [this] { measure(); });
  }

  void trouble() {
    if (healed_) return;
    switch (random_.next() % 7) {
      case 0:
        note("probe killed");
        probe_.crash(chance(50));
        break;
      case 1:
        if (server_up_) crash_server();
        break;
      case 2:
        fill_disk();
        break;
      case 3:
        clock_.step_wall((chance(50) ? 1 : -1) * pause(2h));
        note("wall clock stepped");
        break;
      case 4:
        loss_ = static_cast<unsigned>(random_.next() % 100);
        note(fmt::format("network loses {} %", loss_));
        break;
      case 5:
        enrolled_ = chance(70);
        note(enrolled_ ? "key enrolled" : "key removed");
        break;
      case 6:
        probe_.files().fail_syncs(1 + static_cast<int>(random_.next() % 3));
        note("the probe's disk fails to sync");
        break;
    }
    in(pause(40s), [this] { trouble(); });
  }

  void crash_server() {
    ++outcome_.server_crashes;
    note("server killed");
    server_up_ = false;
    ++server_life_;
    server_.crash(random_);
    in(pause(90s), [this] {
      server_up_ = true;
      note("server up");
    });
  }

  void fill_disk() {
    ++outcome_.disk_full;
    note("the probe's disk is full");
    probe_.files().set_capacity(0);
    in(pause(60s), [this] { probe_.files().set_capacity(kRoom); });
  }

  void heal() {
    note("healed");
    healed_ = true;
    server_up_ = true;
    enrolled_ = true;
    loss_ = 0;
    probe_.files().set_capacity(kRoom);
    probe_.files().fail_syncs(0);
    probe_.set_crash_chance(0);
  }

  // Measuring goes on a little, so that what was dropped last is carried, then ends.
  void finish() {
    in(600s, [this] { finished_ = true; });
  }

  static constexpr std::uint64_t kRoom = 64UL << 20;
  ManualClock clock_;
  SeededRandom random_;
  bool narrate_;
  Oracle oracle_;
  ServerModel server_;
  ProbeModel probe_;
  std::priority_queue<Event> events_;
  std::uint64_t next_order_ = 0;
  std::uint64_t fingerprint_ = 0xcbf29ce484222325;
  bool server_up_ = true;
  std::uint64_t server_life_ = 0;
  bool enrolled_ = true;
  bool healed_ = false;
  bool finished_ = false;
  bool restart_planned_ = false;
  unsigned loss_ = 5;
  Outcome outcome_;
};

}  // namespace

Outcome run_history(std::uint64_t seed, const Bugs& bugs, bool narrate) {
  return History(seed, bugs, narrate).run();
}

}  // namespace gnomon::simulation
