#include "net/timestamp_hold.h"

#include <linux/net_tstamp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "core/clock.h"
#include "net/address.h"

namespace gnomon::net {
namespace {

constexpr Nanoseconds kPatience = std::chrono::milliseconds(50);

// Reads one datagram; true when the kernel had stamped it.
bool receive_stamped(int fd) {
  std::array<char, 8> payload{};
  alignas(cmsghdr) std::array<char, 256> control{};
  iovec vector{payload.data(), payload.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (::recvmsg(fd, &header, MSG_DONTWAIT) < 0) return false;
  for (auto* message = CMSG_FIRSTHDR(&header); message != nullptr; message = CMSG_NXTHDR(&header, message)) {
    if (message->cmsg_level == SOL_SOCKET && message->cmsg_type == SCM_TIMESTAMPING) return true;
  }
  return false;
}

}  // namespace

TimestampHold::TimestampHold() {
  FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
  sockaddr_storage name{};
  socklen_t size = Endpoint{Address::loopback(Family::kIpv4), Port{0}}.to_sockaddr(name);
  auto* address = reinterpret_cast<sockaddr*>(&name);
  if (!fd.valid() || ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) != 0 ||
      ::bind(fd.get(), address, size) != 0 || ::getsockname(fd.get(), address, &size) != 0) {
    return;
  }
  const SystemClock clock;
  const auto deadline = clock.now() + kPatience;
  while (!working_ && clock.now() < deadline) {
    if (::sendto(fd.get(), "", 1, 0, address, size) < 0) return;
    pollfd ready{fd.get(), POLLIN, 0};
    if (::poll(&ready, 1, 1) == 1) working_ = receive_stamped(fd.get());
  }
  fd_ = std::move(fd);
}

}  // namespace gnomon::net
