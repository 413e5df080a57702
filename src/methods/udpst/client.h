#pragma once

// The client of a UDP capacity test (RFC 9097, RFC 9946): one test in one direction with one connection, against
// Gnomon's server or Broadband Forum's udpst. Blocks; runs in the calling thread, any thread.

#include <atomic>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "methods/udpst/key_file.h"
#include "methods/udpst/rate_search.h"
#include "methods/udpst/result.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::udpst {

struct ClientOptions {
  net::Endpoint server;                                         // control port
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // the namespace to test from
  Direction direction = Direction::kDown;
  std::chrono::seconds duration{10};             // 5 to 3600 s (RFC 9946); the server may shorten it
  std::chrono::milliseconds sub_interval{1000};  // 100 ms to 10 s
  std::optional<SharedKey> key;
  SearchSettings search;  // asked of the server
  // What is tried first; when the server wants the other, that (codes 3 and 11).
  DatagramProfile profile;
  std::optional<std::uint16_t> max_bandwidth_mbps;  // 1 to 32767; what a server with a limit is asked to reserve
  const std::atomic<bool>* cancel = nullptr;        // looked at every 100 ms at least
};

// Called in the thread that measures; must not block.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  // Every trial interval: the rate that the receiver saw in it.
  virtual void on_trial(BitRate ip_rate) = 0;
  virtual void on_sub_interval(const SubInterval& sub_interval) = 0;
  // Both ends agree: the line is about to be filled.
  virtual void on_turn() {}
};

// A server that is silent or says no, and a test that breaks off, are outcomes of the result. An error is what this
// machine could not do: kInvalidArgument, or what opening a socket gives. `progress` may be null.
Result<UdpCapacity> measure(const ClientOptions& options, const Clock& clock, ProgressSink* progress);

}  // namespace gnomon::methods::udpst
