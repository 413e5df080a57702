#include "lab/bench_socket.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gnomon::lab {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kPayload = 64;

Result<sockaddr_in> address_of(const std::string& text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, text.c_str(), &address.sin_addr) != 1) return errno_failure(EINVAL, "parse address", text);
  return address;
}

}  // namespace

Result<BenchSocket> BenchSocket::open(const std::string& address, std::uint16_t port, bool timestamps) {
  const auto where = address_of(address, port);
  if (!where) return tl::unexpected(where.error());
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_failure(errno, "open UDP socket", address);
  BenchSocket opened(fd);
  const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  if (timestamps && ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) {
    return errno_failure(errno, "set timestamps", address);
  }
  const int buffer = 32 << 20;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&*where), sizeof *where) != 0)
    return errno_failure(errno, "bind", address);
  return opened;
}

BenchSocket::BenchSocket(BenchSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

BenchSocket::~BenchSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Status BenchSocket::connect(const std::string& address, std::uint16_t port) {
  const auto where = address_of(address, port);
  if (!where) return tl::unexpected(where.error());
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&*where), sizeof *where) != 0)
    return errno_failure(errno, "connect", address);
  return {};
}

std::optional<BenchSocket::Arrival> BenchSocket::take(int flags) {
  std::array<char, 256> bytes{};
  alignas(cmsghdr) std::array<char, 512> control{};
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = ::recvmsg(fd_, &message, flags | MSG_DONTWAIT);
  Arrival arrival;
  if (got < static_cast<ssize_t>(sizeof arrival.number)) return std::nullopt;
  std::memcpy(&arrival.number, bytes.data(), sizeof arrival.number);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPING) continue;
    scm_timestamping stamps{};
    std::memcpy(&stamps, CMSG_DATA(header), sizeof stamps);
    if (stamps.ts[0].tv_sec != 0)
      arrival.at = WallTime{std::chrono::seconds(stamps.ts[0].tv_sec) + Nanoseconds{stamps.ts[0].tv_nsec}};
  }
  return arrival;
}

std::optional<WallTime> BenchSocket::send(std::uint64_t number) {
  if (::send(fd_, &number, sizeof number, 0) < 0) return std::nullopt;
  // The stamp is in the error queue when send returns: a veth sends at once. It comes with the whole packet, whose
  // headers are not of interest here.
  const auto echo = take(MSG_ERRQUEUE);
  return echo ? echo->at : std::nullopt;
}

std::optional<BenchSocket::Arrival> BenchSocket::receive(Nanoseconds timeout) {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  const auto wait = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  if (::poll(&readable, 1, wait) != 1) return std::nullopt;
  return take(0);
}

std::uint64_t BenchSocket::drain() {
  std::array<std::array<char, kPayload>, kBatch> bytes{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts[i] = {bytes[i].data(), bytes[i].size()};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t total = 0;
  for (;;) {
    const int got = ::recvmmsg(fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (got <= 0) return total;
    total += static_cast<std::uint64_t>(got);
  }
}

std::uint64_t BenchSocket::send_batch(std::uint64_t count) {
  std::array<char, kPayload> bytes{};
  iovec part{bytes.data(), bytes.size()};
  std::array<mmsghdr, kBatch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &part;
    message.msg_hdr.msg_iovlen = 1;
  }
  const int sent = ::sendmmsg(fd_, messages.data(), static_cast<unsigned>(std::min<std::uint64_t>(count, kBatch)), 0);
  return sent < 0 ? 0 : static_cast<std::uint64_t>(sent);
}

}  // namespace gnomon::lab
