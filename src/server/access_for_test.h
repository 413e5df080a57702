#pragma once

// For tests: what a probe's tests of its access networks say over some days. Made up, one seed one history: a fixed
// line of a gigabit with little queue, a 5G line that is slower in the evening and on weekends and queues more.

#include <cmath>
#include <vector>

#include "core/random.h"
#include "core/version.h"
#include "schema/access_result.h"
#include "schema/delay_window.h"

namespace gnomon::server {

struct AccessLine {
  schema::AccessNetwork network = schema::AccessNetwork::kFixed;
  std::string access = "fixed";
  double down_bps = 940e6;
  double up_bps = 940e6;
  Nanoseconds idle = std::chrono::milliseconds(4);
  Nanoseconds queue = std::chrono::milliseconds(6);
  double evening = 1.0;  // share of the rate that is left from 19 to 23 o'clock UTC+8
};

inline schema::AccessResult access_test(const AccessLine& line, const std::string& target, WallTime start,
                                        std::string method, schema::AccessDirection direction, Random& random) {
  using schema::AccessLimit;
  const auto hour = std::chrono::floor<std::chrono::hours>(start.since_epoch).count();
  const bool is_evening = (hour + 8) % 24 >= 19 && (hour + 8) % 24 < 23;
  const double left = (is_evening ? line.evening : 1.0) * (0.97 + 0.06 * (random.uniform() - 0.5));
  schema::AccessResult r;
  r.start = WallTime{std::chrono::floor<std::chrono::milliseconds>(start.since_epoch)};
  r.plan_item = "access";
  r.target = target;
  r.target_site = target;
  r.address = "2001:db8::7";
  r.family = 6;
  r.method = std::move(method);
  r.direction = direction;
  r.network = line.network;
  r.access = line.access;
  r.outcome = schema::AccessOutcome::kDone;
  r.software = "gnomon " + std::string(version());
  r.idle_p50 = line.idle;
  r.idle_p95 = line.idle + line.idle / 5;
  r.loaded_p50 = line.idle + line.queue;
  r.loaded_p95 = line.idle + line.queue + line.queue / 3;
  r.duration = std::chrono::milliseconds(10'000);
  if (r.method == "responsiveness") {
    r.rpm = static_cast<std::uint32_t>(60e9 / static_cast<double>((*r.loaded_p50).count()));
    r.rpm_confidence = schema::RpmConfidence::kHigh;
    r.layer = schema::ThroughputLayer::kHttp;
    return r;
  }
  const double bps = left * (direction == schema::AccessDirection::kUp ? line.up_bps : line.down_bps);
  r.streams = 4;
  r.throughput = static_cast<std::uint64_t>(bps);
  r.throughput_low = static_cast<std::uint64_t>(bps * 0.99);
  r.throughput_high = static_cast<std::uint64_t>(bps * 1.01);
  r.samples = 160;
  r.layer = schema::ThroughputLayer::kTcp;
  r.moved_bytes = static_cast<std::uint64_t>(bps);
  r.spared_bytes = static_cast<std::uint64_t>(bps / 4);
  r.retransmission_ratio = 0.0012;
  r.congestion_control = "cubic";
  r.client_cpu = 0.42;
  r.server_cpu = 0.31;
  r.verdict = AccessLimit::kNetwork;
  r.verdict_confidence = 0.95;
  r.queue = line.queue;
  r.evidence = {{"queue", static_cast<double>(line.queue.count()), "ns"}, {"busy_ratio", 0.98, ""}};
  return r;
}

// Four times a day both directions and responsiveness of each line, the last at `end`. One of fifty is refused, one
// disturbed, one found a policer.
inline std::vector<schema::AccessResult> access_history(const std::vector<AccessLine>& lines, const std::string& target,
                                                        WallTime end, int days, std::uint64_t seed) {
  SeededRandom random(seed);
  std::vector<schema::AccessResult> tests;
  for (int i = days * 4 - 1; i >= 0; --i) {
    for (std::size_t l = 0; l < lines.size(); ++l) {
      const WallTime at = end - std::chrono::hours(6) * i - std::chrono::minutes(7) * static_cast<std::int64_t>(l);
      // A minute of the hour for each line and seed, and a place in it for each test: no two at the same time.
      auto place = std::chrono::minutes(seed % 7) + std::chrono::seconds(0);
      const auto add = [&](const char* method, schema::AccessDirection direction) {
        const WallTime start = at - std::chrono::hours(random.next() % 6) - place;
        tests.push_back(access_test(lines[l], target, start, method, direction, random));
        place += std::chrono::seconds(15);
      };
      add("tcp", schema::AccessDirection::kDown);
      add("tcp", schema::AccessDirection::kUp);
      add("responsiveness", schema::AccessDirection::kBoth);
    }
  }
  for (std::size_t i = 0; i + 3 < tests.size(); i += 50) {
    schema::AccessResult refused;
    refused.start = tests[i].start;
    refused.method = "tcp";
    refused.target = target;
    refused.direction = schema::AccessDirection::kDown;
    refused.network = tests[i].network;
    refused.access = tests[i].access;
    refused.outcome = schema::AccessOutcome::kRefused;
    tests[i] = refused;
    tests[i + 1].marks |= schema::kMarkCapacityTest;
    if (tests[i + 3].throughput) {
      tests[i + 3].verdict = schema::AccessLimit::kPolicer;
      tests[i + 3].policer_rate = *tests[i + 3].throughput;
      tests[i + 3].policer_burst = 4'000'000;
    }
  }
  return tests;
}

}  // namespace gnomon::server
