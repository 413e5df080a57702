#pragma once

// Opens TCP connections, plain or TLS, as byte streams. Blocks until the deadline at most; any thread.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/units.h"
#include "http/byte_stream.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::http {

struct StreamTarget {
  std::string host;  // a name or an address without brackets; TLS holds the certificate to it
  Port port{80};
  bool tls = false;
  std::optional<Family> family;                                 // only this one
  std::string ca_file;                                          // PEM; empty: the system's authorities
  bool insecure = false;                                        // any certificate will do
  std::chrono::nanoseconds most = std::chrono::seconds(10);     // for all of it: connecting and the TLS handshake
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // the namespace to connect from
};

// Tries the name's addresses in the system's order. kUnavailable (refused, unreachable, in time), kPermission
// (certificate), kNotFound (name), kCorrupt (does not speak TLS).
Result<std::unique_ptr<ByteStream>> open_stream(const StreamTarget& target);

}  // namespace gnomon::http
