#include "methods/capacity/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "net/tcp_state.h"

namespace gnomon::methods::capacity {

namespace {

template <typename T>
int set(int socket, int level, int option, T value) {
  return ::setsockopt(socket, level, option, &value, sizeof value);
}

// How long a flag may stay unseen.
constexpr Nanoseconds kLook = std::chrono::milliseconds(100);

Status finish_connecting(int socket, const net::Endpoint& server, Nanoseconds patience,
                         const std::atomic<bool>& cancelled) {
  constexpr std::string_view kOperation = "connect to";
  pollfd on{socket, POLLOUT, 0};
  Nanoseconds left = patience;
  for (bool is_connected = false; !is_connected; left -= kLook) {
    if (cancelled) {
      return failure(ErrorCode::kUnavailable, std::string(kOperation), net::to_string(server), "stopped");
    }
    if (left <= Nanoseconds{}) {
      return failure(
          ErrorCode::kUnavailable, std::string(kOperation), net::to_string(server),
          fmt::format("no answer within {} s", std::chrono::round<std::chrono::seconds>(patience).count()),
          "check that `gnomon reflect --speed` or `gnomon serve` runs there and that no firewall is between");
    }
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLook)).count();
    is_connected = ::poll(&on, 1, static_cast<int>(ms)) > 0;
  }
  int fault = 0;
  socklen_t size = sizeof fault;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &fault, &size);
  if (fault == 0) return {};
  return errno_failure(fault, std::string(kOperation), net::to_string(server),
                       "check that `gnomon reflect --speed` or `gnomon serve` runs there and listens on this port");
}

}  // namespace

Result<net::FileDescriptor> connect_to(net::SocketSpace& space, const net::Endpoint& server, const Hello& hello,
                                       std::uint32_t window_bytes, Nanoseconds patience,
                                       const std::atomic<bool>& cancelled) {
  const int family = server.address.family() == Family::kIpv4 ? AF_INET : AF_INET6;
  auto opened = space.open_socket(family, SOCK_STREAM, 0);
  if (!opened) return tl::unexpected(opened.error());
  net::FileDescriptor socket = std::move(*opened);
  set(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  if (window_bytes > 0) set(socket.get(), SOL_SOCKET, SO_RCVBUF, static_cast<int>(window_bytes));
  sockaddr_storage address{};
  const auto size = server.to_sockaddr(address);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    return errno_failure(errno, "connect to", net::to_string(server));
  }
  if (auto status = finish_connecting(socket.get(), server, patience, cancelled); !status) {
    return tl::unexpected(status.error());
  }
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) & ~O_NONBLOCK);
  const auto bytes = encode(hello);
  if (::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
    return errno_failure(errno, "send to", net::to_string(server));
  }
  return socket;
}

Status prepare_sender(int socket, const Ask& ask) {
  if (ask.pace_bps > 0) {
    set(socket, SOL_SOCKET, SO_MAX_PACING_RATE, std::max<std::uint64_t>(1, ask.pace_bps / 8 / ask.streams));
  }
  if (ask.congestion_control.empty()) return {};
  return net::set_congestion_control(socket, ask.congestion_control);
}

void prepare_receiver(int socket, const Ask& ask) {
  if (ask.window_bytes == 0) return;
  set(socket, SOL_SOCKET, SO_RCVBUF, static_cast<int>(ask.window_bytes));
  set(socket, IPPROTO_TCP, TCP_WINDOW_CLAMP, static_cast<int>(ask.window_bytes));
}

}  // namespace gnomon::methods::capacity
