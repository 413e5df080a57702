#include "probe/vantage.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "gnomon/v1/batch.pb.h"
#include "net/kernel_clock.h"

namespace gnomon::probe {
namespace {

struct FamilyReading {
  bool has_address = false;
  bool has_default_route = false;
  bool has_route = false;
  bool gateway_answers = true;
  std::string gateway;
};

const LinkReading* link_at(const NetworkReading& network, std::uint32_t index) {
  const auto found = std::ranges::find(network.links, index, &LinkReading::index);
  return found == network.links.end() ? nullptr : &*found;
}

FamilyReading family_of(const NetworkReading& network, Family family) {
  FamilyReading reading;
  for (const AddressReading& address : network.addresses) {
    const LinkReading* link = link_at(network, address.link);
    const bool here = address.family == family && address.usable && link != nullptr && !link->loopback;
    reading.has_address = reading.has_address || here;
  }
  const RouteReading* chosen = nullptr;
  for (const RouteReading& route : network.routes) {
    if (route.family != family) continue;
    reading.has_route = true;
    reading.has_default_route = reading.has_default_route || route.is_default;
    if (route.gateway && (chosen == nullptr || (route.is_default && !chosen->is_default))) chosen = &route;
  }
  if (chosen == nullptr) return reading;
  reading.gateway = net::to_string(*chosen->gateway);
  reading.gateway_answers = std::ranges::none_of(network.neighbours, [&](const NeighbourReading& n) {
    return n.link == chosen->link && n.address.same_host(*chosen->gateway) && n.failed;
  });
  return reading;
}

bool complain_of(const FamilyReading& reading, int version, std::vector<std::string>& complaints) {
  if (!reading.has_address) {
    complaints.push_back(fmt::format("no usable IPv{} address", version));
  } else if (!reading.has_route) {
    complaints.push_back(fmt::format("no IPv{} route beyond the local link", version));
  } else if (!reading.gateway_answers) {
    complaints.push_back(fmt::format("the IPv{} gateway {} does not answer", version, reading.gateway));
  } else {
    return false;
  }
  return true;
}

}  // namespace

MachineReading MachineSensor::read() {
  MachineReading reading;
  std::string word;
  std::ifstream stat("/proc/stat");
  stat >> word;  // "cpu": user nice system idle iowait irq softirq steal (proc(5))
  std::uint64_t total = 0;
  std::uint64_t idle = 0;
  for (int i = 0; i < 8; ++i) {
    std::uint64_t ticks = 0;
    stat >> ticks;
    total += ticks;
    if (i == 3 || i == 4) idle += ticks;
  }
  const std::uint64_t busy = total - idle;
  const bool first = total_ == 0;
  if (!first && total > total_) {
    reading.cpu_busy_ratio = static_cast<float>(busy - busy_) / static_cast<float>(total - total_);
  }
  busy_ = busy;
  total_ = total;
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  reading.resident_bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto quality = net::kernel_clock_quality();
  reading.clock_synchronised = quality.synchronised;
  if (quality.synchronised) reading.clock_bound = quality.bound;
  if (watch_.update()) stepped_ += watch_.last_step();
  reading.clock_stepped = stepped_;
  return reading;
}

Judgement judge(const NetworkReading& network, const MachineReading& machine, FamiliesUsed used) {
  Judgement judgement;
  const auto outside = [](const LinkReading& link) { return !link.loopback; };
  const bool any_up = std::ranges::any_of(network.links, [&](const LinkReading& l) { return outside(l) && l.up; });
  const bool any_used = used.ipv4 || used.ipv6;
  if (any_used && !any_up && std::ranges::any_of(network.links, outside)) {
    judgement.sick = true;
    judgement.complaints.emplace_back("every network link is down");
  }
  if (used.ipv4) judgement.ipv4_sick = complain_of(family_of(network, Family::kIpv4), 4, judgement.complaints);
  if (used.ipv6) judgement.ipv6_sick = complain_of(family_of(network, Family::kIpv6), 6, judgement.complaints);
  const bool all_sick = (!used.ipv4 || judgement.ipv4_sick) && (!used.ipv6 || judgement.ipv6_sick);
  constexpr float kBusy = 0.9F;
  if (machine.cpu_busy_ratio > kBusy && machine.packets_late * 10 > machine.packets_sent) {
    judgement.sick = true;
    judgement.complaints.push_back(fmt::format("the processor is {:.0f} % busy and {} of {} packets left late",
                                               machine.cpu_busy_ratio * 100, machine.packets_late,
                                               machine.packets_sent));
  }
  judgement.sick = judgement.sick || (any_used && all_sick);
  if (judgement.sick) judgement.ipv4_sick = judgement.ipv6_sick = true;
  return judgement;
}

void fill(const NetworkReading& network, const MachineReading& machine, const Judgement& judgement, bool same_machine,
          v1::VantageHealth& health) {
  for (const LinkReading& reading : network.links) {
    if (reading.loopback) continue;
    auto& link = *health.add_links();
    link.set_name(reading.name);
    link.set_up(reading.up);
    link.set_speed_mbit(reading.speed_mbit);
    link.set_rx_errors(reading.rx_errors);
    link.set_tx_errors(reading.tx_errors);
  }
  for (const Family version : {Family::kIpv4, Family::kIpv6}) {
    const FamilyReading reading = family_of(network, version);
    auto& family = *health.add_families();
    family.set_family(version == Family::kIpv4 ? v1::ADDRESS_FAMILY_IPV4 : v1::ADDRESS_FAMILY_IPV6);
    family.set_has_address(reading.has_address);
    family.set_has_default_route(reading.has_default_route);
    family.set_gateway_answers(reading.gateway_answers);
    family.set_gateway(reading.gateway);
  }
  auto& clock = *health.mutable_clock();
  clock.set_synchronised(same_machine || machine.clock_synchronised);
  clock.set_bound_ns(same_machine ? 0 : machine.clock_bound ? machine.clock_bound->count() : -1);
  clock.set_source(same_machine ? "same machine" : "ntp_adjtime");
  clock.set_stepped_ns(machine.clock_stepped.count());
  health.set_cpu_busy_ratio(machine.cpu_busy_ratio);
  health.set_resident_bytes(machine.resident_bytes);
  health.set_packets_late(machine.packets_late);
  health.set_sick(judgement.sick);
  for (const std::string& complaint : judgement.complaints) health.add_complaints(complaint);
}

}  // namespace gnomon::probe
