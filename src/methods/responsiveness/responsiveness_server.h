#pragma once

// A responsiveness test server (draft-ietf-ippm-responsiveness-09, "Responsiveness Test Server"): HTTP/2 over TLS with
// the configuration at /.well-known/nq, an object of one byte, one of 16 GB that is made as it is sent, and a place to
// send anything to. Listens on a port of its own.
//
// What keeps it from being a weapon: what fills a line, the large object and the upload, is for one address at a time,
// that whose turn it is in the speed queue; a transfer is reset after 60 s and a turn takes no new one after 90 s; the
// others are told with 503 when to come back. Small answers need no turn. Everything else is bounded by
// http/h2_server.h.
//
// start() from any thread; the queue and the clock must outlive the server. counters() and stop() from any thread.

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "http/h2_server.h"
#include "methods/speed_queue.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::responsiveness {

struct ServerOptions {
  net::Endpoint listen;                                         // port 0: the kernel chooses
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // where it listens; under test while a turn lasts
  std::string tls_certificate;  // PEM texts; both empty: plain HTTP/2 with prior knowledge, for tests
  std::string tls_key;
  std::string test_endpoint;  // a host for clients to connect to, whatever host they asked; empty: none
  Nanoseconds most_of_transfer = std::chrono::seconds(60);
  Nanoseconds most_of_turn = std::chrono::seconds(90);
  std::size_t flows_of_turn = 64;  // large objects and uploads under way together
  http::H2ServerLimits limits;
};

class ResponsivenessServer {
 public:
  // kInvalidArgument: certificate or key; kConflict, kPermission: the port.
  static Result<std::unique_ptr<ResponsivenessServer>> start(const ServerOptions& options, SpeedQueue& queue,
                                                             const Clock& clock);
  ~ResponsivenessServer();
  ResponsivenessServer(const ResponsivenessServer&) = delete;
  ResponsivenessServer& operator=(const ResponsivenessServer&) = delete;

  [[nodiscard]] net::Endpoint endpoint() const;
  [[nodiscard]] http::H2ServerCounters counters() const;
  void stop();  // idempotent

 private:
  class Service;
  ResponsivenessServer(std::unique_ptr<Service> service, std::unique_ptr<http::H2Server> server);
  std::unique_ptr<Service> service_;
  std::unique_ptr<http::H2Server> server_;  // last: it calls the service
};

}  // namespace gnomon::methods::responsiveness
