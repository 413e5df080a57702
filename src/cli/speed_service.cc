#include "cli/speed_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "cli/speed_certificate.h"
#include "http/server.h"
#include "methods/ndt7/ndt7_routes.h"
#include "methods/responsiveness/nq_route.h"
#include "methods/responsiveness/responsiveness_server.h"
#include "methods/speed_desk.h"
#include "methods/udpst/key_file.h"
#include "methods/udpst/server.h"

namespace gnomon::cli {

namespace {

using methods::capacity::Offer;
using methods::responsiveness::ResponsivenessServer;

// Servers that listen once: an IPv6 wildcard takes IPv4 as well.
net::Address widest(const std::vector<net::Address>& addresses) {
  const auto found = std::ranges::find(addresses, net::Address::any(Family::kIpv6));
  return found == addresses.end() ? addresses.front() : *found;
}

// No page is served at that port, so one that asks is somebody else's.
bool is_no_page(const http::Request& request) {
  return !request.headers.has("Origin") && !request.headers.has("Sec-Fetch-Site");
}

}  // namespace

Result<methods::udpst::SetupPolicy> udpst_policy(const std::string& key_file, std::uint32_t max_mbps) {
  methods::udpst::SetupPolicy policy;
  if (max_mbps > 0) policy.max_bandwidth_mbps = max_mbps;
  if (key_file.empty()) return policy;
  auto keys = methods::udpst::read_key_file(key_file);
  if (!keys) return tl::unexpected(keys.error());
  policy.keys = std::move(*keys);
  return policy;
}

Result<std::string> read_text_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream && !text.str().empty()) return text.str();
  return failure(ErrorCode::kNotFound, "read", file, "cannot be read, or is empty", "name a PEM file");
}

// Members end from bottom to top.
struct SpeedService::Parts {
  Parts(methods::SpeedQueue& its_queue, const Clock& its_clock, Random& its_random)
      : queue(its_queue), clock(its_clock), random(its_random) {}
  ~Parts() {
    tcp.reset();
    if (desk) desk->stop();  // who waits is answered while there is a port to answer on
    if (web) web->stop();
  }

  void start_udpst(const SpeedServiceOptions& options) {
    methods::udpst::ServerOptions server;
    server.policy = options.udpst;
    for (const net::Address& address : options.addresses) server.bind.push_back({address, Port{options.port}});
    auto started = methods::udpst::Server::start(std::move(server), queue, clock, random);
    if (!started) return faults.push_back(started.error());
    udpst = std::move(*started);
    offers.push_back({"udpst", udpst->endpoints().front().port.value, false});
  }

  void start_responsiveness(const SpeedServiceOptions& options) {
    if (options.responsiveness_port == 0) return;
    methods::responsiveness::ServerOptions server;
    server.listen = {widest(options.addresses), Port{options.responsiveness_port}};
    server.tls_certificate = options.tls_certificate;
    server.tls_key = options.tls_key;
    if (server.tls_certificate.empty()) {
      auto made = make_speed_certificate(server.listen.address);
      if (!made) return faults.push_back(made.error());
      server.tls_certificate = std::move(made->certificate);
      server.tls_key = std::move(made->key);
    }
    auto started = ResponsivenessServer::start(server, queue, clock);
    if (!started) return faults.push_back(started.error());
    responsiveness = std::move(*started);
    offers.push_back({"responsiveness", responsiveness->endpoint().port.value, true});
  }

  void start_ndt7(const SpeedServiceOptions& options) {
    if (!options.ndt7_port) return;
    desk.emplace(queue, clock, random);
    methods::ndt7::add_ndt7_routes(router, {*desk, clock, random, is_no_page});
    if (responsiveness) methods::responsiveness::add_nq_route(router, responsiveness->endpoint().port, true);
    http::ServerOptions server;
    server.listen = net::to_string(net::Endpoint{widest(options.addresses), Port{*options.ndt7_port}});
    server.handler_threads = server.ingest_threads = server.login_threads = 1;
    server.limits.connections = 1'000;
    auto started = http::Server::start(std::move(server), router);
    if (!started) return faults.push_back(started.error());
    web = std::move(*started);
    offers.push_back({"ndt7", web->port(), false});
  }

  // Last: it tells of the others.
  Status start_tcp(const SpeedServiceOptions& options) {
    if (options.other) offers.push_back(*options.other);
    std::vector<methods::capacity::Listener> listen;
    for (const net::Address& address : options.addresses) listen.push_back({{address, Port{options.port}}});
    auto started = methods::capacity::Server::start(listen, clock, random, queue, offers);
    if (!started) return tl::unexpected(started.error());
    tcp = std::move(*started);
    return {};
  }

  methods::SpeedQueue& queue;
  const Clock& clock;
  Random& random;
  std::vector<Error> faults;
  std::vector<Offer> offers;
  http::Router router;
  std::optional<methods::SpeedDesk> desk;
  std::unique_ptr<methods::udpst::Server> udpst;
  std::unique_ptr<ResponsivenessServer> responsiveness;
  std::unique_ptr<http::Server> web;
  std::unique_ptr<methods::capacity::Server> tcp;
};

SpeedService::SpeedService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SpeedService::~SpeedService() = default;

Result<std::unique_ptr<SpeedService>> SpeedService::start(const SpeedServiceOptions& options,
                                                          methods::SpeedQueue& queue, const Clock& clock,
                                                          Random& random) {
  if (options.addresses.empty()) {
    return failure(ErrorCode::kInvalidArgument, "serve speed tests", "", "no address to listen on");
  }
  auto parts = std::make_unique<Parts>(queue, clock, random);
  parts->start_udpst(options);
  parts->start_responsiveness(options);
  parts->start_ndt7(options);
  if (const Status started = parts->start_tcp(options); !started) return tl::unexpected(started.error());
  return std::unique_ptr<SpeedService>(new SpeedService(std::move(parts)));
}

std::vector<std::string> SpeedService::lines() const {
  std::vector<std::string> lines;
  for (const auto& endpoint : parts_->tcp->endpoints()) lines.push_back("TCP on " + net::to_string(endpoint));
  if (parts_->udpst) {
    for (const auto& endpoint : parts_->udpst->endpoints()) lines.push_back("UDPST on " + net::to_string(endpoint));
  }
  if (parts_->responsiveness) {
    lines.push_back("responsiveness on " + net::to_string(parts_->responsiveness->endpoint()));
  }
  if (parts_->web) lines.push_back("ndt7 on port " + std::to_string(parts_->web->port()));
  return lines;
}

const std::vector<Error>& SpeedService::faults() const {
  return parts_->faults;
}

std::optional<Port> SpeedService::responsiveness_port() const {
  if (!parts_->responsiveness) return std::nullopt;
  return parts_->responsiveness->endpoint().port;
}

}  // namespace gnomon::cli
