#pragma once

// An HTTP/1.1 server (RFC 9112) on one port, plain or TLS.
//
// One thread reads and writes; handlers run on a small pool for each lane. Everything is bounded: header and body
// bytes, connections in all and per address, bodies and answers in flight, queues and the time in them, time for
// header, body and answer. Over a limit the answer is 4xx or 503 with Retry-After, or the connection is closed; when
// places or room run out, the peer that has kept the server waiting longest goes first (peer_waits.h). Requests of one
// connection are answered one after the other.
//
// start() may be called from any thread; the router and what its handlers use must outlive stop(). stop() waits for
// handlers that run, gives answers under way a second to leave, and is idempotent.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/error.h"
#include "http/router.h"

namespace gnomon::http {

struct Limits {
  std::size_t header_bytes = 16UL * 1024;
  std::size_t connections = 12'000;  // about 60 kB each with TLS
  // Loopback is exempt from the per-address limit: many in-process probes and a proxy come from there.
  std::size_t connections_per_address = 64;
  bool count_loopback = false;
  std::size_t body_bytes_in_flight = 64UL * 1024 * 1024;
  std::size_t answer_bytes_in_flight = 64UL * 1024 * 1024;  // answers that wait for their readers
  std::size_t queued_requests = 256;                        // waiting for a lane's handlers
  std::size_t queued_logins = 16;                           // a login takes 0.1 s of a core on purpose
  std::chrono::milliseconds queue_time{2'000};              // who waited longer is told to come back
  // How long a peer may keep the server waiting when others need the place, the body's or the answer's room.
  std::chrono::milliseconds patience{1'000};
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{60'000};
  std::chrono::milliseconds write_timeout{60'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds answer_timeout{60'000};  // for asynchronous handlers
  std::chrono::milliseconds event_ping{15'000};
  std::size_t takeovers = 256;  // connections that a route has upgraded; each has a thread
};

struct ServerOptions {
  std::string listen = "127.0.0.1:8780";  // "ADDRESS:PORT", "[::1]:8780"; port 0: the kernel chooses
  std::string tls_certificate;            // PEM chain; empty: plain HTTP
  std::string tls_key;
  // Each lane has threads of its own, so that none can starve another (router.h).
  unsigned handler_threads = 4;
  unsigned ingest_threads = 2;
  unsigned login_threads = 1;
  Limits limits;
  // Added to every answer (security headers); a handler's own value wins.
  Headers headers;
};

struct ServerCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t responses_2xx = 0, responses_3xx = 0, responses_4xx = 0, responses_5xx = 0;
  std::uint64_t bytes_received = 0;  // bodies
  std::uint64_t bytes_sent = 0;
  std::uint64_t event_streams_open = 0;
  std::uint64_t takeovers_open = 0;
};

class Server {
 public:
  // Binds, listens and answers from now on. kConflict names who holds the port where that can be known.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, const Router& router);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  // "http://127.0.0.1:8780"; for a wildcard listener the loopback of that family.
  [[nodiscard]] std::string url() const;
  [[nodiscard]] bool listens_on_loopback() const;
  [[nodiscard]] ServerCounters counters() const;
  void stop();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::http
