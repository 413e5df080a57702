#include "net/tcp_reach.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace gnomon::net {

namespace {

constexpr Nanoseconds kLook = std::chrono::milliseconds(100);

TcpReach reach_of(int fault) {
  if (fault == 0) return TcpReach::kOpen;
  if (fault == ECONNREFUSED || fault == ECONNRESET) return TcpReach::kClosed;
  return fault == ETIMEDOUT ? TcpReach::kSilent : TcpReach::kUnreachable;
}

}  // namespace

Result<TcpReach> reach_tcp(SocketSpace& space, const Endpoint& endpoint, Nanoseconds patience,
                           const std::atomic<bool>& cancelled) {
  auto socket = space.open_socket(endpoint.address.family() == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
  if (!socket) return tl::unexpected(socket.error());
  sockaddr_storage address{};
  const auto size = endpoint.to_sockaddr(address);
  if (::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) return TcpReach::kOpen;
  if (errno != EINPROGRESS) return reach_of(errno);
  pollfd on{socket->get(), POLLOUT, 0};
  for (Nanoseconds left = patience; left > Nanoseconds{}; left -= kLook) {
    if (cancelled) return TcpReach::kStopped;
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLook)).count();
    if (::poll(&on, 1, static_cast<int>(ms)) <= 0) continue;
    int fault = 0;
    socklen_t length = sizeof fault;
    ::getsockopt(socket->get(), SOL_SOCKET, SO_ERROR, &fault, &length);
    return reach_of(fault);
  }
  return TcpReach::kSilent;
}

}  // namespace gnomon::net
