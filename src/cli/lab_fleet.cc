#include "cli/lab_fleet.h"

#include "cli/speed_certificate.h"
#include "cli/speed_service.h"
#include "methods/capacity/client.h"
#include "net/namespace_space.h"

namespace gnomon::cli {

namespace {

constexpr Port kStampPort{862};  // RFC 8762 §4.1
constexpr Port kSpeedPort{methods::capacity::kPort};
constexpr Port kResponsePort{kResponsivenessPort};
// Every site tests a data centre so often: with some twenty sites one test each half minute in the whole lab.
constexpr Nanoseconds kSpeedEvery = std::chrono::minutes(10);
constexpr Nanoseconds kSpeedTime = std::chrono::seconds(3);
// Responsiveness: for each of three loads; in 6 s its confidence stayed low, in 8 s it was medium or high.
constexpr Nanoseconds kResponseEvery = std::chrono::minutes(40);
constexpr Nanoseconds kResponseTime = std::chrono::seconds(8);

probe::SpeedTest access_test(std::string name, const std::string& to) {
  probe::SpeedTest test;
  test.name = std::move(name);
  test.all_sources = true;
  test.targets = {to};
  return test;
}

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
    if (Status open = fleet->open_site(site, std::move(*place), listeners); !open) return tl::unexpected(open.error());
  }
  auto speed = methods::capacity::Server::start(listeners, fleet->clock_, fleet->random_, fleet->queue_);
  if (!speed) return tl::unexpected(speed.error());
  fleet->speed_ = std::move(*speed);
  return fleet;
}

Status LabFleet::open_site(const lab::SiteSnapshot& site, net::Namespace place,
                           std::vector<methods::capacity::Listener>& listeners) {
  const auto space = std::make_shared<net::NamespaceSpace>(runner_, std::move(place));
  const auto ipv4 = net::Address::parse(site.ipv4);
  const auto ipv6 = net::Address::parse(site.ipv6);
  for (const auto& address : {ipv4, ipv6}) {
    auto bound = reflector_->add(net::Endpoint{*address, kStampPort}, space);
    if (!bound) return tl::unexpected(bound.error());
    listeners.push_back({{*address, kSpeedPort}, space});
  }
  const std::string access = site.site.access.size() == 1 ? site.site.access.front() : std::string();
  members_.push_back({site.site.id, site.site.id, access, space, *ipv4, *ipv6});
  mesh_.push_back({site.site.id, access, {site.ipv4, site.ipv6}, true});
  if (!data_centre_.empty() || site.site.kind != lab::SiteKind::kDatacentre) return {};
  data_centre_ = site.site.id;
  return open_data_centre(*ipv6, space);
}

Status LabFleet::open_data_centre(const net::Address& address, std::shared_ptr<net::SocketSpace> space) {
  auto made = make_speed_certificate(address);
  if (!made) return tl::unexpected(made.error());
  methods::responsiveness::ServerOptions options;
  options.listen = {*net::Address::parse("::"), kResponsePort};  // both families
  options.space = std::move(space);
  options.tls_certificate = std::move(made->certificate);
  options.tls_key = std::move(made->key);
  auto started = methods::responsiveness::ResponsivenessServer::start(options, queue_, clock_);
  if (!started) return tl::unexpected(started.error());
  responsiveness_ = std::move(*started);
  return {};
}

probe::Plan LabFleet::mesh_plan(const std::string& name, bool with_speed) const {
  probe::MeshPlanOptions options;
  options.name = name;
  options.stamp_port = kStampPort;
  options.stateful = true;
  probe::Plan plan = probe::make_mesh_plan(mesh_, options);
  if (!with_speed || data_centre_.empty()) return plan;
  probe::SpeedTest access = access_test("access", data_centre_);
  access.every = kSpeedEvery;
  access.most = kSpeedTime;
  access.port = kSpeedPort;
  probe::SpeedTest response = access_test("response", data_centre_);
  response.method = probe::SpeedMethod::kResponsiveness;
  response.every = kResponseEvery;
  response.most = kResponseTime;
  response.port = kResponsePort;
  response.tls = probe::TlsUse::kUnverified;  // nobody vouches for a certificate of the lab's own
  plan.speed = {std::move(access), std::move(response)};
  return plan;
}

}  // namespace gnomon::cli
