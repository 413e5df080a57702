#include "cli/lab_fleet.h"

#include "net/namespace_space.h"

namespace gnomon::cli {

namespace {

constexpr Port kStampPort{862};  // RFC 8762 §4.1

}  // namespace

Result<std::unique_ptr<LabFleet>> LabFleet::prepare(const lab::Lab& lab) {
  auto fleet = std::make_unique<LabFleet>();
  auto reflector = methods::stamp::Reflector::start({});
  if (!reflector) return tl::unexpected(reflector.error());
  fleet->reflector_ = std::move(*reflector);
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
    }
    const std::string access = site.site.access.size() == 1 ? site.site.access.front() : std::string();
    fleet->members_.push_back({site.site.id, site.site.id, access, space, *ipv4, *ipv6});
    fleet->mesh_.push_back({site.site.id, access, {site.ipv4, site.ipv6}, true});
  }
  return fleet;
}

probe::Plan LabFleet::mesh_plan(const std::string& name) const {
  probe::MeshPlanOptions options;
  options.name = name;
  options.stamp_port = kStampPort;
  options.stateful = true;
  return probe::make_mesh_plan(mesh_, options);
}

}  // namespace gnomon::cli
