#pragma once

// The observatory's one port: collector, login, enrolment, ledger, web application, and what others add to the router.
//
// The parts are handed in and outlive the Server. Order: make it, add routes to router(), add observers to collector(),
// start(), …, stop(). stop() first closes the port, then waits until the observers have seen all that was acknowledged.
// Not thread-safe but for figures().

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "http/server.h"
#include "methods/speed_desk.h"
#include "server/auth.h"
#include "server/collector.h"
#include "server/disk_guard.h"
#include "server/observatory.h"
#include "server/probe_registry.h"
#include "server/users.h"
#include "server/visitor_routes.h"
#include "server/visitor_tests.h"

namespace gnomon::journal {
class Journal;
}
namespace gnomon::store {
class Store;
}

namespace gnomon::server {

class WebFiles;

struct ServerOptions {
  http::ServerOptions http;  // listen, TLS, limits
  AuthOptions auth;
  CollectorOptions collector;
  DiskGuardOptions disk;
  bool public_ledger = true;
  bool speed_tests = true;  // ndt7 and its queue, for anybody (server/speed_routes.h)
  // Signs what visitors measure; none: a key that is forgotten with this object.
  std::optional<crypto::PrivateKey> visitor_key;
  std::string speed_name = "gnomon";  // of this server, as visitors see it
  SpeedHosts speed_hosts;
  std::filesystem::path web_folder;  // empty: embedded; for development
  // Told after an admin removed a probe (LiveState::forget_probe), and of each unknown key once (Changes::key_refused).
  std::function<void(const ProbeId&)> on_probe_removed;
  std::function<void(std::string_view public_key_hex, std::string_view name)> on_key_refused;
};

struct ServerParts {
  const Clock& clock;
  Random& random;
  journal::Journal& journal;
  store::Store& store;
  Users& users;
  ProbeRegistry& probes;
  std::filesystem::path data_folder;  // whose free space the disk guard watches
};

class Server final : public Observatory {
 public:
  Server(ServerParts parts, ServerOptions options);
  ~Server() override;

  [[nodiscard]] http::Router& router() { return router_; }
  [[nodiscard]] Collector& collector() { return collector_; }
  // For other methods that fill the line of this machine.
  [[nodiscard]] methods::SpeedQueue& speed_queue() { return speed_queue_; }

  Status start();
  void stop();
  // After start().
  [[nodiscard]] std::string url() const { return http_->url(); }
  [[nodiscard]] std::uint16_t port() const { return http_->port(); }
  [[nodiscard]] bool listens_on_loopback() const { return http_->listens_on_loopback(); }

  [[nodiscard]] ObservatoryFigures figures() const override;
  [[nodiscard]] std::vector<EnrolledProbe> enrolled() const override { return parts_.probes.enrolled(); }
  [[nodiscard]] std::vector<RefusedKey> refused() const override { return parts_.probes.refused(); }

 private:
  // When each lot of journal records became durable, so that the age of what the tables lack is known.
  class LagClock;

  void add_routes();
  void fit_connections();
  [[nodiscard]] std::vector<std::string> speed_origins() const;

  const ServerParts parts_;
  ServerOptions options_;
  mutable DiskGuard disk_;
  std::unique_ptr<BatchIntake> intake_;
  Auth auth_;
  Collector collector_;
  std::unique_ptr<LagClock> lag_;
  std::unique_ptr<WebFiles> web_;
  methods::SpeedQueue speed_queue_;
  methods::SpeedDesk speed_desk_;
  ObservatoryBook visitor_book_;
  VisitorTests visitors_;
  http::Router router_;
  std::unique_ptr<http::Server> http_;
};

}  // namespace gnomon::server
