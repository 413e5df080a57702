#pragma once

// The two ends of a socket as the kernel names them (getsockname(2), getpeername(2)). An IPv4 peer of a socket of both
// families is named as IPv4 (RFC 4291 §2.5.5.2 maps it). Any thread that has the descriptor; blocks never.

#include <optional>

#include "net/address.h"

namespace gnomon::net {

// Nothing when the socket has none: closed, never bound, never connected, of another family.
std::optional<Endpoint> local_endpoint(int socket);
std::optional<Endpoint> remote_endpoint(int socket);

}  // namespace gnomon::net
