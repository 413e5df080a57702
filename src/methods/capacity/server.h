#pragma once

// The other end of capacity tests (docs/spec/capacity.md): listens on TCP, lets one test at a time run (speed_queue.h),
// sends or receives, and tells the client what it sees itself.
//
// It sends only to a connection whose client knows a token that was sent to it, and ends a test that lasts longer than
// asked for, or whose client falls silent. One thread accepts; each test, running or waiting, has another.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/capacity/message.h"
#include "methods/speed_queue.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::capacity {

struct ServerCounters {
  std::uint64_t tests = 0;      // that ran
  std::uint64_t refused = 0;    // were told to come back
  std::uint64_t strangers = 0;  // connections that did not speak the protocol
  std::uint64_t bytes = 0;      // moved
};

struct Listener {
  net::Endpoint endpoint;  // port 0: the kernel chooses
  std::shared_ptr<net::SocketSpace> space = net::host_space();
};

class Server {
 public:
  // Listens on all of them and serves until it is destroyed. Clock, random and queue outlive it. `offers` are the other
  // methods that this machine serves, of which clients are told; at most kMostOffers.
  static Result<std::unique_ptr<Server>> start(const std::vector<Listener>& listen, const Clock& clock, Random& random,
                                               SpeedQueue& queue, std::vector<Offer> offers = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::vector<net::Endpoint> endpoints() const;
  [[nodiscard]] ServerCounters counters() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::methods::capacity
