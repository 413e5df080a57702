#pragma once

// Where a socket lives: the program's own network namespace or another one. A socket keeps the namespace it was opened
// in, so one thread can serve sockets of many namespaces without ever moving itself.
//
// Implementations are thread-safe and outlive the sockets' users by shared ownership.

#include <memory>

#include "core/error.h"
#include "net/file_descriptor.h"

namespace gnomon::net {

class SocketSpace {
 public:
  virtual ~SocketSpace() = default;
  // As socket(2), with SOCK_CLOEXEC and SOCK_NONBLOCK added to `type`.
  [[nodiscard]] virtual Result<FileDescriptor> open_socket(int domain, int type, int protocol) = 0;
};

// The namespace of the calling thread.
class HostSpace final : public SocketSpace {
 public:
  [[nodiscard]] Result<FileDescriptor> open_socket(int domain, int type, int protocol) override;
};

// One HostSpace for the whole program.
std::shared_ptr<SocketSpace> host_space();

}  // namespace gnomon::net
