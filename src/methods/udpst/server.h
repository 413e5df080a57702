#pragma once

// The server of UDP capacity tests (RFC 9946), for Gnomon's client and Broadband Forum's udpst, protocol versions 11 to
// 20. One test at a time, through the machine's one queue of capacity tests: a client that comes while any test runs is
// refused (code 13), as UDPST has no waiting.
//
// What keeps it from being a weapon: setup requests are answered at most 200 times a second, and never when they came
// by broadcast or multicast; 128 set-ups wait for their activation at most, 32 of one address; load goes out only as
// server_session.h says; it stops by itself when status PDUs stop.
//
// One thread of its own. All members may be called from any thread. Queue, clock and randomness must outlive it.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/speed_queue.h"
#include "methods/udpst/setup_rules.h"
#include "net/address.h"

namespace gnomon::methods::udpst {

struct ServerOptions {
  std::vector<net::Endpoint> bind;  // control ports; port 0 lets the kernel choose
  SetupPolicy policy;
};

struct ServerCounters {
  std::uint64_t setups = 0;       // requests
  std::uint64_t refused = 0;      // … answered with a refusal
  std::uint64_t unanswered = 0;   // not a setup request, not unicast, or above the rate
  std::uint64_t tests = 0;        // connections that have begun a test
  std::uint64_t connections = 0;  // open now
};

class Server {
 public:
  // kInvalidArgument: nothing to bind; kConflict: somebody else has the port.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, SpeedQueue& queue, const Clock& clock,
                                               Random& random);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The endpoints in use, in the order of the options.
  [[nodiscard]] const std::vector<net::Endpoint>& endpoints() const;
  [[nodiscard]] ServerCounters counters() const;

 private:
  class Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gnomon::methods::udpst
