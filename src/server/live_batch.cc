#include "server/live_batch.h"

#include "gnomon/v1/batch.pb.h"

namespace gnomon::server {

Vantage vantage_of(const v1::VantageHealth& health) {
  Vantage vantage;
  for (const auto& link : health.links()) {
    vantage.links.push_back({link.name(), link.up(), link.speed_mbit(), link.rx_errors(), link.tx_errors()});
  }
  for (const auto& family : health.families()) {
    if (family.family() != v1::ADDRESS_FAMILY_IPV4 && family.family() != v1::ADDRESS_FAMILY_IPV6) continue;
    vantage.families.push_back({static_cast<int>(family.family()), family.has_address(), family.has_default_route(),
                                family.gateway_answers(), family.gateway()});
  }
  if (health.has_clock()) {
    const auto& clock = health.clock();
    VantageClock known{clock.synchronised(), std::nullopt, Nanoseconds(clock.stepped_ns()), clock.source()};
    if (clock.bound_ns() >= 0) known.bound = Nanoseconds(clock.bound_ns());
    vantage.clock = std::move(known);
  }
  vantage.cpu_busy_ratio = static_cast<double>(health.cpu_busy_ratio());
  vantage.spool_bytes = health.spool_bytes();
  vantage.spool_limit_bytes = health.spool_limit_bytes();
  vantage.spool_batches = health.spool_batches();
  vantage.packets_late = health.packets_late();
  vantage.sick = health.sick();
  vantage.complaints.assign(health.complaints().begin(), health.complaints().end());
  return vantage;
}

std::optional<Vantage> parse_vantage(std::string_view bytes) {
  v1::VantageHealth health;
  if (bytes.empty() || !health.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return std::nullopt;
  return vantage_of(health);
}

std::vector<PathIdentity> identities(const schema::BatchContent& batch, const ProbeId& probe) {
  std::vector<PathIdentity> all;
  all.reserve(batch.paths.size());
  for (schema::PathFields& path : batch.paths.all()) {
    PathIdentity one;
    one.id = path.id;
    one.probe = probe;
    one.source_site = batch.site;
    one.plan_item = std::move(path.plan_item);
    one.method = std::move(path.method);
    one.target = std::move(path.target);
    one.target_site = std::move(path.target_site);
    one.family = path.family;
    one.address = std::move(path.address);
    one.access = std::move(path.access);
    one.interval_ms = path.interval_ms;
    one.payload_bytes = path.payload_bytes;
    one.dscp = path.dscp;
    one.port = path.port;
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<store::DroppedRange> dropped_ranges(const schema::BatchContent& batch, const ProbeId& probe) {
  std::vector<store::DroppedRange> all;
  for (const schema::Dropped& range : batch.dropped) {
    all.push_back({probe, range.first_sequence, range.last_sequence, range.windows,
                   WallTime{std::chrono::milliseconds(range.first_unix_ms)},
                   WallTime{std::chrono::milliseconds(range.last_unix_ms)}, range.reason});
  }
  return all;
}

}  // namespace gnomon::server
