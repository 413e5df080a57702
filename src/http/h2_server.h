#pragma once

// An HTTP/2 server (RFC 9113) on one port: TLS with ALPN "h2", or plain with prior knowledge. There is no HTTP/1.1 here
// and nothing is passed on to another server, so that no two readers can take one request for two.
//
// One thread with epoll reads, asks the service and writes. Everything is bounded (H2ServerLimits, H2Limits); at the
// limit of connections the one that has been idle longest gives way. A service never sees a body: it says what is to be
// sent, and bodies of requests are thrown away as they come.
//
// start() may be called from any thread, as may stop(), counters() and the destructor; the service and the clock must
// outlive it.

#include <cstdint>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "http/h2_session.h"
#include "http/h2_tls.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::http {

struct H2Answer {
  int status = 200;
  Headers fields;  // names in lower case
  H2Body body;
  bool after_body = false;  // answer once the request's body is whole; its bytes are thrown away
  // When a transfer lasts longer than this it is reset.
  Nanoseconds time_limit = std::chrono::seconds(10);
  std::shared_ptr<void> held;  // let go when the stream ends, however it ends
};

// Called on the server's thread; must be quick.
class H2Service {
 public:
  virtual ~H2Service() = default;
  virtual H2Answer on_request(const H2Head& head, const net::Address& peer) = 0;
  virtual void on_tick(MonotonicTime) {}  // about four times a second
};

struct H2ServerLimits {
  std::size_t connections = 1'000;  // about 60 kB each with TLS
  std::size_t connections_per_address = 300;
  Nanoseconds handshake_time = std::chrono::seconds(10);
  Nanoseconds idle_time = std::chrono::seconds(15);  // without a request
  Nanoseconds grace = std::chrono::seconds(5);       // for a peer to take the end of what lasted too long
  H2Limits session;
};

struct H2ServerCounters {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // for want of a place
  std::uint64_t requests = 0;
  std::uint64_t transfers_cut = 0;  // at their time limit
};

class H2Server {
 public:
  // Binds in `space`, listens and answers from now on. `tls` empty: plain. kConflict: somebody else has the port.
  static Result<std::unique_ptr<H2Server>> start(const net::Endpoint& listen, std::optional<H2Tls> tls,
                                                 const H2ServerLimits& limits, H2Service& service, const Clock& clock,
                                                 net::SocketSpace& space = *net::host_space());
  ~H2Server();
  H2Server(const H2Server&) = delete;
  H2Server& operator=(const H2Server&) = delete;

  [[nodiscard]] net::Endpoint endpoint() const;
  [[nodiscard]] H2ServerCounters counters() const;
  void stop();  // ends every connection; idempotent

 private:
  class Loop;
  explicit H2Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gnomon::http
