#pragma once

// What this end's kernel knows of a test: TCP_INFO of its socket (tcp(7)) in ndt7's terms, and what the thread got of
// the processor (net/thread_use.h). Belongs to the thread that it measures.

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "methods/ndt7/measurement.h"
#include "net/thread_use.h"
#include "schema/transfer.h"

namespace gnomon::methods::ndt7 {

// Figures that this kernel does not have are left out. `elapsed`: since the test began.
std::optional<TcpInfo> tcp_info(int socket, Nanoseconds elapsed);

// "192.0.2.1:5678", "[2001:db8::1]:443"; IPv4 in IPv6's clothes as IPv4. Empty when the socket has none.
std::string own_endpoint(int socket);
std::string peer_endpoint(int socket);

class ThreadCpu {
 public:
  // Counts from now on.
  ThreadCpu();
  // Nothing where the kernel keeps no such statistics.
  [[nodiscard]] std::optional<schema::CpuUse> use() const;

 private:
  net::ThreadUse thread_;
  net::GroupQuota quota_;
  std::optional<net::ThreadUse::Times> begun_;
  Nanoseconds throttled_before_;
};

}  // namespace gnomon::methods::ndt7
