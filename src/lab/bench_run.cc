#include "lab/bench_run.h"

#include <fmt/format.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <thread>
#include <vector>

#include "lab/bench_socket.h"
#include "lab/lab.h"

namespace gnomon::lab {

namespace {

constexpr std::uint16_t kPort = 9000;

Result<Region> two_sites(Nanoseconds delay) {
  return parse_region(fmt::format(R"(
name: bench
sites:
  - {{id: a, name: A, kind: router, at: [0, 0]}}
  - {{id: b, name: B, kind: router, at: [0, 0]}}
links:
  - {{id: link, between: [a, b], delay: {}us}}
)",
                                  delay.count() / 1000),
                      "bench");
}

void pin_to(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(cpu), &cpus);
  ::sched_setaffinity(0, sizeof cpus, &cpus);
}

// While the sender floods, other programs on its CPU wait: the emulator is to be measured, not the machine's load.
void set_real_time(bool on) {
  const sched_param parameters{.sched_priority = on ? 1 : 0};
  if (::sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &parameters) != 0) return;  // Then they compete.
}

Nanoseconds cpu_time_of(int pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return Nanoseconds{0};
  return std::chrono::seconds(used.tv_sec) + Nanoseconds{used.tv_nsec};
}

struct Ends {
  BenchSocket a;
  BenchSocket b;
};

Result<Ends> open_ends(const Lab& lab, bool timestamps) {
  const auto sites = lab.sites();
  net::NamespaceRunner runner;
  const auto open = [&](std::size_t site, std::uint16_t port) -> Result<BenchSocket> {
    const auto place = lab.site_namespace(sites[site].site.id);
    if (!place) return tl::unexpected(place.error());
    return runner.call(*place, [&] { return BenchSocket::open(sites[site].ipv4, port, timestamps); });
  };
  auto a = open(0, 0);
  if (!a) return tl::unexpected(a.error());
  auto b = open(1, kPort);
  if (!b) return tl::unexpected(b.error());
  if (Status status = a->connect(sites[1].ipv4, kPort); !status) return tl::unexpected(status.error());
  return Ends{std::move(*a), std::move(*b)};
}

Status measure_delay(const Lab& lab, const BenchOptions& options, BenchResult& result) {
  auto ends = open_ends(lab, true);
  if (!ends) return tl::unexpected(ends.error());
  std::vector<Nanoseconds> errors;
  timespec next{};
  ::clock_gettime(CLOCK_MONOTONIC, &next);
  for (std::uint64_t i = 0; i < options.probes; ++i) {
    const auto sent = ends->a.send(i);
    const auto arrived = ends->b.receive(options.delay + std::chrono::seconds(1));
    if (sent && arrived && arrived->at && arrived->number == i) errors.push_back(*arrived->at - *sent - options.delay);
    next.tv_nsec += options.interval.count();
    next.tv_sec += next.tv_nsec / 1'000'000'000;
    next.tv_nsec %= 1'000'000'000;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
  }
  if (errors.empty()) return failure(ErrorCode::kIo, "measure delay", "", "no packet came through");
  std::sort(errors.begin(), errors.end());
  const auto rank = [&errors](double q) {
    return errors[static_cast<std::size_t>(q * static_cast<double>(errors.size() - 1))];
  };
  result.probes_received = errors.size();
  result.error_min = errors.front();
  result.error_p50 = rank(0.5);
  result.error_p99 = rank(0.99);
  result.error_max = errors.back();
  return {};
}

struct Flood {
  double packets_per_second = 0;
  double loss_ratio = 0;
  double cpu_share = 0;
};

// Sends at `rate` for `options.flood`, in bursts of a millisecond, and counts what arrives.
Result<Flood> flood(Lab& lab, const BenchOptions& options, double rate, const Clock& clock) {
  auto ends = open_ends(lab, false);
  if (!ends) return tl::unexpected(ends.error());
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  const Nanoseconds cpu_before = cpu_time_of(lab.health().emulator_pid);
  const MonotonicTime begun = clock.now();
  while (clock.now() - begun < options.flood) {
    const double elapsed = static_cast<double>((clock.now() - begun).count()) / 1e9;
    const auto owed = static_cast<std::uint64_t>(elapsed * rate);
    if (sent < owed) {
      sent += ends->a.send_batch(owed - sent);
    } else {
      received += ends->b.drain();
      ::sched_yield();
    }
    if (sent % 1024 == 0) received += ends->b.drain();
  }
  const Nanoseconds took = clock.now() - begun;
  const Nanoseconds cpu = cpu_time_of(lab.health().emulator_pid) - cpu_before;
  for (MonotonicTime end = clock.now() + options.delay + std::chrono::milliseconds(500); clock.now() < end;)
    received += ends->b.drain();
  const double seconds = static_cast<double>(took.count()) / 1e9;
  return Flood{.packets_per_second = static_cast<double>(received) / seconds,
               .loss_ratio = sent == 0 ? 1 : static_cast<double>(sent - received) / static_cast<double>(sent),
               .cpu_share = static_cast<double>(cpu.count()) / static_cast<double>(took.count())};
}

Status measure_rate(Lab& lab, const BenchOptions& options, const Clock& clock, BenchResult& result) {
  constexpr double kLossLimit = 0.001;
  constexpr double kReached = 0.97;
  for (double rate = 50'000; rate <= 1'600'000; rate *= 1.25) {
    set_real_time(true);
    const auto run = flood(lab, options, rate, clock);
    set_real_time(false);
    if (!run) return tl::unexpected(run.error());
    if (run->loss_ratio > kLossLimit) return {};
    result.packets_per_second = run->packets_per_second;
    result.loss_ratio = run->loss_ratio;
    result.cpu_share = run->cpu_share;
    if (run->packets_per_second < kReached * rate) {
      result.sender_limited = true;
      return {};
    }
  }
  return {};
}

}  // namespace

Result<BenchResult> run_bench(const BenchOptions& options, const Clock& clock) {
  auto region = two_sites(options.delay);
  if (!region) return tl::unexpected(region.error());
  BenchResult result;
  {
    auto lab = Lab::start(*region, {}, clock);
    if (!lab) return tl::unexpected(lab.error());
    result.real_time = (*lab)->health().real_time;
    if (Status status = measure_delay(**lab, options, result); !status) return tl::unexpected(status.error());
  }
  // The emulator on one CPU of its own, as far as the machine goes; sender and receiver on another.
  auto lab = Lab::start(*region, {.emulator_cpu = 1}, clock);
  if (!lab) return tl::unexpected(lab.error());
  pin_to(0);
  if (Status status = measure_rate(**lab, options, clock, result); !status) return tl::unexpected(status.error());
  return result;
}

std::string bench_json(const BenchResult& result) {
  namespace json = boost::json;
  const auto us = [](Nanoseconds time) { return static_cast<double>(time.count()) / 1e3; };
  return json::serialize(json::object{{"real_time", result.real_time},
                                      {"delay_error_us",
                                       {{"count", result.probes_received},
                                        {"min", us(result.error_min)},
                                        {"p50", us(result.error_p50)},
                                        {"p99", us(result.error_p99)},
                                        {"max", us(result.error_max)}}},
                                      {"forwarding",
                                       {{"packets_per_second", result.packets_per_second},
                                        {"loss_ratio", result.loss_ratio},
                                        {"cpu_share", result.cpu_share},
                                        {"limited_by", result.sender_limited ? "sender" : "emulator"}}}});
}

}  // namespace gnomon::lab
