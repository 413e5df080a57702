#include "net/socket_space.h"

#include <sys/socket.h>

#include <cerrno>

namespace gnomon::net {

Result<FileDescriptor> HostSpace::open_socket(int domain, int type, int protocol) {
  FileDescriptor fd(::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!fd.valid()) return errno_failure(errno, "open socket", domain == AF_INET ? "IPv4" : "IPv6");
  return fd;
}

std::shared_ptr<SocketSpace> host_space() {
  static const auto space = std::make_shared<HostSpace>();
  return space;
}

}  // namespace gnomon::net
