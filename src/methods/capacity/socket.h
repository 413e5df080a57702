#pragma once

// Sockets of capacity tests. Any thread; connect_to() blocks as long as it is told.

#include <atomic>

#include "core/error.h"
#include "methods/capacity/message.h"
#include "net/address.h"
#include "net/file_descriptor.h"
#include "net/socket_space.h"

namespace gnomon::methods::capacity {

// A connected, blocking TCP socket that has sent `hello`. A receive buffer other than 0 is set before connecting, since
// the window's scale is agreed then (RFC 7323 §2.2). kUnavailable: no answer within `patience`, or the flag was set,
// which is seen within 100 ms.
Result<net::FileDescriptor> connect_to(net::SocketSpace& space, const net::Endpoint& server, const Hello& hello,
                                       std::uint32_t window_bytes, Nanoseconds patience,
                                       const std::atomic<bool>& cancelled);
// Applies to a stream what was asked for its sending (congestion control, pace) or receiving (window).
Status prepare_sender(int socket, const Ask& ask);
void prepare_receiver(int socket, const Ask& ask);

}  // namespace gnomon::methods::capacity
