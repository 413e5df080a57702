#pragma once

// A small fleet for tests: probes at sites that measure each other, their windows as a script wants them, signed as
// real ones are. Belongs to one thread.

#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/random.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"
#include "schema/delay_window.h"
#include "schema/path_id.h"

namespace gnomon::server {

// One window of `sent` packets: those not lost have delays of `delay` and a few percent more.
inline schema::DelayWindow fleet_window(WallTime start, std::uint32_t sent, std::uint32_t lost, Nanoseconds delay,
                                        bool both_ways = false, Nanoseconds length = std::chrono::seconds(10)) {
  schema::DelayWindow window;
  window.start = start;
  window.duration = length;
  window.sent = sent;
  window.lost = lost;
  window.received = sent - lost;
  window.outcome = lost < sent ? schema::Outcome::kAnswered : schema::Outcome::kNoAnswer;
  if (lost >= sent) return window;
  Nanoseconds sum{};
  for (std::uint32_t i = 0; i < window.received; ++i) {
    const Nanoseconds one = delay + delay * (i % 5) / 100;
    window.rtt.add(one);
    if (i > 0) window.ipdv.add(delay / 100);
    if (both_ways) window.forward.add(one / 2);
    if (both_ways) window.backward.add(one / 2 + std::chrono::microseconds(3));
    sum += one;
    window.rtt_min = std::min(window.rtt_min.value_or(one), one);
    window.rtt_max = std::max(window.rtt_max.value_or(one), one);
  }
  window.rtt_mean = sum / window.received;
  if (both_ways) {
    window.forward_min = *window.rtt_min / 2;
    window.forward_max = *window.rtt_max / 2;
    window.backward_min = *window.rtt_min / 2;
    window.backward_max = *window.rtt_max / 2 + std::chrono::microseconds(3);
    window.lost_forward = lost;
    window.lost_backward = 0;
    window.clock_bound = std::chrono::microseconds(1);
  }
  window.timestamp_source = schema::TimestampSource::kKernel;
  window.error_bound = Nanoseconds(1300);
  return window;
}

struct FleetPath {
  std::string target;
  std::string target_site;
  int family = 4;
  std::string method = "echo";
};

class FleetProbe {
 public:
  FleetProbe(std::string site, std::uint64_t seed, std::vector<FleetPath> paths, std::string access = {})
      : site_(std::move(site)), access_(std::move(access)), key_(make_key(seed)), paths_(std::move(paths)) {}

  [[nodiscard]] ProbeId id() const { return crypto::probe_id(key_.public_key()); }
  [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }
  [[nodiscard]] const std::string& site() const { return site_; }
  [[nodiscard]] const std::vector<FleetPath>& paths() const { return paths_; }
  [[nodiscard]] PathId path_id(std::size_t i) const { return schema::path_id(id(), message(i)); }

  // One batch with a window for each path: `window(i, start)` makes it.
  std::string signed_batch(WallTime start, const std::function<schema::DelayWindow(std::size_t, WallTime)>& window,
                           const std::function<void(v1::Batch&)>& edit = {}) {
    v1::Batch batch;
    const ProbeId probe = id();
    batch.set_probe_id(probe.bytes.data(), probe.bytes.size());
    batch.set_sequence(++sequence_);
    const auto base = std::chrono::floor<std::chrono::milliseconds>(start.since_epoch);
    batch.set_base_unix_ms(base.count());
    batch.set_created_unix_ms(base.count() + 10'000);
    batch.set_program_version("0.1.0");
    batch.set_probe_name("probe-" + site_);
    batch.set_site(site_);
    batch.set_plan_revision("0123456789abcdef");
    set_vantage(*batch.mutable_vantage());
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      *batch.add_paths() = message(i);
      schema::append(*batch.mutable_delay(), static_cast<std::uint32_t>(i), WallTime{base}, window(i, start));
    }
    if (edit) edit(batch);
    return schema::sign_batch(batch, key_);
  }

  schema::VerifiedBatch verified(WallTime start,
                                 const std::function<schema::DelayWindow(std::size_t, WallTime)>& window,
                                 const std::function<void(v1::Batch&)>& edit = {}) {
    const std::string bytes = signed_batch(start, window, edit);
    auto read = schema::read_signed_batch(std::as_bytes(std::span(bytes)));
    if (!read) throw std::logic_error("the test's batch is wrong: " + std::string(read.error().reason));
    return std::move(*read);
  }

 private:
  static crypto::PrivateKey make_key(std::uint64_t seed) {
    SeededRandom random(seed);
    std::array<std::byte, 32> bytes{};
    random.fill(bytes);
    return crypto::PrivateKey::from_seed(bytes).value();
  }

  [[nodiscard]] v1::Path message(std::size_t i) const {
    const FleetPath& path = paths_[i];
    v1::Path message;
    message.set_plan_item("mesh-" + path.method);
    message.set_method(path.method);
    message.set_target(path.target);
    message.set_target_site(path.target_site);
    message.set_family(path.family == 6 ? v1::ADDRESS_FAMILY_IPV6 : v1::ADDRESS_FAMILY_IPV4);
    message.set_address(path.family == 6 ? "fd00::2" : "192.0.2.2");
    message.set_interval_ms(1000);
    message.set_payload_bytes(56);
    message.set_access(access_);
    if (path.method == "stamp") message.set_port(862);
    return message;
  }

  static void set_vantage(v1::VantageHealth& vantage) {
    auto& link = *vantage.add_links();
    link.set_name("eth0");
    link.set_up(true);
    link.set_speed_mbit(1000);
    for (const auto family : {v1::ADDRESS_FAMILY_IPV4, v1::ADDRESS_FAMILY_IPV6}) {
      auto& health = *vantage.add_families();
      health.set_family(family);
      health.set_has_address(true);
      health.set_has_default_route(true);
      health.set_gateway_answers(true);
      health.set_gateway(family == v1::ADDRESS_FAMILY_IPV6 ? "fd00::1" : "192.0.2.1");
    }
    auto& clock = *vantage.mutable_clock();
    clock.set_synchronised(true);
    clock.set_bound_ns(900'000);
    clock.set_source("ntp_adjtime");
    vantage.set_cpu_busy_ratio(0.25F);
    vantage.set_spool_limit_bytes(64UL << 20);
  }

  std::string site_;
  std::string access_;
  crypto::PrivateKey key_;
  std::vector<FleetPath> paths_;
  std::uint64_t sequence_ = 0;
};

// Every site measures every other one by echo and stamp over both families.
inline std::vector<FleetProbe> test_mesh(const std::vector<std::string>& sites) {
  std::vector<FleetProbe> fleet;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    std::vector<FleetPath> paths;
    for (const std::string& target : sites) {
      if (target == sites[i]) continue;
      for (const int family : {4, 6}) {
        for (const char* method : {"echo", "stamp"}) paths.push_back({target, target, family, method});
      }
    }
    fleet.emplace_back(sites[i], 1000 + i, std::move(paths));
  }
  return fleet;
}

}  // namespace gnomon::server
