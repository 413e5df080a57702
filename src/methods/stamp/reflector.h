#pragma once

// The reflecting end of STAMP (RFC 8762 §4.3, extensions RFC 8972 §4) and TWAMP-Light (RFC 5357, appendix I).
//
// What keeps it from being a weapon: an answer has as many bytes as its request, never more; nothing that was sent to a
// broadcast or multicast address is answered, nor anything that claims to come from a well-known port (another service,
// or another reflector, with which it would play for ever), nor an answer to an answer of its own; each source address
// has a rate limit; sessions are bounded in number and time.
//
// One thread of its own for any number of namespaces. `add`, `counters` and the destructor may be called from any
// thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/units.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::stamp {

struct ReflectorOptions {
  // Stateful: own sequence numbers per session, which tell a sender in which direction it loses. Stateless: the
  // sender's.
  bool stateful = true;
  std::size_t session_limit = 16'384;                       // beyond it new senders are answered statelessly
  Nanoseconds session_timeout = std::chrono::seconds(900);  // RFC 5357 §4.2, REFWAIT
  std::uint32_t packets_per_second = 20'000;                // per source address (IPv6: /64)
  std::size_t source_limit = 16'384;                        // beyond it all further sources share one rate
};

struct ReflectorCounters {
  std::uint64_t received = 0;
  std::uint64_t answered = 0;
  std::uint64_t malformed = 0;  // too short for a test packet or its answer
  std::uint64_t refused = 0;    // not unicast, from a well-known port, or an answer to an answer of ours
  std::uint64_t rate_limited = 0;
  std::uint64_t send_failed = 0;
  std::uint64_t sessions = 0;  // now open
};

class Reflector {
 public:
  static Result<std::unique_ptr<Reflector>> start(const ReflectorOptions& options);
  ~Reflector();
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  // Binds one more socket; packets are answered as soon as this returns. Port 0 lets the kernel choose. Returns the
  // endpoint in use. kConflict: somebody else has the port; kPermission: ports below 1024 need CAP_NET_BIND_SERVICE.
  Result<net::Endpoint> add(const net::Endpoint& local, const std::shared_ptr<net::SocketSpace>& space);

  [[nodiscard]] ReflectorCounters counters() const;

 private:
  class Loop;
  explicit Reflector(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gnomon::methods::stamp
