#include "cli/lab_fleet.h"

#include "methods/capacity/client.h"
#include "net/namespace_space.h"

namespace gnomon::cli {

namespace {

constexpr Port kStampPort{862};  // RFC 8762 §4.1
constexpr Port kSpeedPort{methods::capacity::kPort};
// Every site tests a data centre so often: with some twenty sites one test each half minute in the whole lab.
constexpr Nanoseconds kSpeedEvery = std::chrono::minutes(10);
constexpr Nanoseconds kSpeedTime = std::chrono::seconds(3);

}  // namespace

Result<std::unique_ptr<LabFleet>> LabFleet::prepare(const lab::Lab& lab) {
  auto fleet = std::make_unique<LabFleet>();
  auto reflector = methods::stamp::Reflector::start({});
  if (!reflector) return tl::unexpected(reflector.error());
  fleet->reflector_ = std::move(*reflector);
  fleet->queue_.mark(*fleet->test_times_);
  std::vector<methods::capacity::Listener> listeners;
  for (const lab::SiteSnapshot& site : lab.sites()) {
    if (!site.site.measures) continue;
    auto place = lab.site_namespace(site.site.id);
    if (!place) return tl::unexpected(place.error());
    const auto space = std::make_shared<net::NamespaceSpace>(fleet->runner_, std::move(*place));
    const auto ipv4 = net::Address::parse(site.ipv4);
    const auto ipv6 = net::Address::parse(site.ipv6);
    for (const auto& address : {ipv4, ipv6}) {
      auto bound = fleet->reflector_->add(net::Endpoint{*address, kStampPort}, space);
      if (!bound) return tl::unexpected(bound.error());
      listeners.push_back({{*address, kSpeedPort}, space});
    }
    const std::string access = site.site.access.size() == 1 ? site.site.access.front() : std::string();
    fleet->members_.push_back({site.site.id, site.site.id, access, space, *ipv4, *ipv6});
    if (fleet->data_centre_.empty() && site.site.kind == lab::SiteKind::kDatacentre) fleet->data_centre_ = site.site.id;
    fleet->mesh_.push_back({site.site.id, access, {site.ipv4, site.ipv6}, true});
  }
  auto speed = methods::capacity::Server::start(listeners, fleet->clock_, fleet->random_, fleet->queue_);
  if (!speed) return tl::unexpected(speed.error());
  fleet->speed_ = std::move(*speed);
  return fleet;
}

probe::Plan LabFleet::mesh_plan(const std::string& name, bool with_speed) const {
  probe::MeshPlanOptions options;
  options.name = name;
  options.stamp_port = kStampPort;
  options.stateful = true;
  probe::Plan plan = probe::make_mesh_plan(mesh_, options);
  if (!with_speed || data_centre_.empty()) return plan;
  probe::SpeedTest access;
  access.name = "access";
  access.all_sources = true;
  access.targets = {data_centre_};
  access.every = kSpeedEvery;
  access.most = kSpeedTime;
  access.port = kSpeedPort;
  plan.speed.push_back(std::move(access));
  return plan;
}

}  // namespace gnomon::cli
