#pragma once

// Whether something listens at a TCP port, by connecting to it and closing again (RFC 9293 §3.5). Blocks, any thread;
// the flag is seen within 100 ms.

#include <atomic>

#include "core/clock.h"
#include "core/error.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::net {

enum class TcpReach : std::uint8_t {
  kOpen,
  kClosed,       // the host refused
  kSilent,       // no answer in time: dropped on the way, or no such host
  kUnreachable,  // this host or the network has no way there
  kStopped,      // the flag was set
};

Result<TcpReach> reach_tcp(SocketSpace& space, const Endpoint& endpoint, Nanoseconds patience,
                           const std::atomic<bool>& cancelled);

}  // namespace gnomon::net
