#include "lab/packet_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gnomon::lab {

namespace {

constexpr int kReceiveBuffer = 64 << 20;
constexpr int kSendBuffer = 8 << 20;
// A timestamp older than this comes from a stepped clock, not from a long wait.
constexpr Nanoseconds kOldest = std::chrono::seconds(1);

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds{time.tv_nsec};
}

Status set_option(int fd, int level, int option, int value, const char* name) {
  if (::setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
  return errno_failure(errno, "set packet socket option", name);
}

Status prepare(int fd) {
  if (Status status = set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING"); !status)
    return status;
  if (Status status = set_option(fd, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS"); !status) return status;
  if (Status status = set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1, "SO_TIMESTAMPNS"); !status) return status;
  // Without the right to force it, the system's limit (net.core.rmem_max) holds: less room for bursts.
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer, "SO_RCVBUFFORCE")) {
    if (Status status = set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer, "SO_RCVBUF"); !status) return status;
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer, "SO_SNDBUFFORCE")) {
    if (Status status = set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer, "SO_SNDBUF"); !status) return status;
  }
  return {};
}

}  // namespace

struct PacketPort::Vectors {
  static constexpr std::size_t kControl = CMSG_SPACE(sizeof(timespec));
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> buffers{};
  std::array<sockaddr_ll, kBatch> addresses{};
  std::array<std::array<char, kControl>, kBatch> control{};

  // When the kernel received message `i`, relative to the wall clock's `now`.
  Nanoseconds age(std::size_t i, Nanoseconds wall_now) {
    msghdr& header = messages[i].msg_hdr;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
      if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec stamp{};
      std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
      const Nanoseconds waited = wall_now - std::chrono::seconds(stamp.tv_sec) - Nanoseconds{stamp.tv_nsec};
      return waited < Nanoseconds{0} || waited > kOldest ? Nanoseconds{0} : waited;
    }
    return Nanoseconds{0};
  }
};

Result<int> PacketPort::open() {
  const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
  if (fd < 0) return errno_failure(errno, "open packet socket", "", "it needs CAP_NET_RAW in the lab's namespaces");
  if (Status status = prepare(fd); !status) return tl::unexpected(status.error());
  return fd;
}

PacketPort::PacketPort(int fd) : fd_(fd), vectors_(std::make_shared<Vectors>()) {}

std::size_t PacketPort::receive(std::span<std::byte* const> buffers, std::size_t capacity, std::span<Received> out) {
  Vectors& v = *vectors_;
  const std::size_t room = std::min({buffers.size(), out.size(), kBatch});
  for (std::size_t i = 0; i < room; ++i) {
    v.buffers[i] = {buffers[i], capacity};
    v.messages[i].msg_hdr = {.msg_name = &v.addresses[i],
                             .msg_namelen = sizeof(sockaddr_ll),
                             .msg_iov = &v.buffers[i],
                             .msg_iovlen = 1,
                             .msg_control = v.control[i].data(),
                             .msg_controllen = Vectors::kControl,
                             .msg_flags = 0};
  }
  const int got = ::recvmmsg(fd_, v.messages.data(), static_cast<unsigned>(room), MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (got <= 0) return 0;  // EAGAIN, or an interface that went down: nothing to read either way.
  const Nanoseconds wall = read_clock(CLOCK_REALTIME);
  const Nanoseconds monotonic = read_clock(CLOCK_MONOTONIC);
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    out[i] = {.bytes = v.messages[i].msg_len,
              .interface = v.addresses[i].sll_ifindex,
              .at = MonotonicTime{monotonic - v.age(i, wall)}};
  }
  return static_cast<std::size_t>(got);
}

std::size_t PacketPort::send(std::span<const Outgoing> frames) {
  Vectors& v = *vectors_;
  const std::size_t count = std::min(frames.size(), kBatch);
  for (std::size_t i = 0; i < count; ++i) {
    v.buffers[i] = {const_cast<std::byte*>(frames[i].bytes), frames[i].size};
    v.addresses[i] = {};
    v.addresses[i].sll_family = AF_PACKET;
    v.addresses[i].sll_protocol = htons(ETH_P_ALL);
    v.addresses[i].sll_ifindex = frames[i].interface;
    v.messages[i].msg_hdr = {.msg_name = &v.addresses[i],
                             .msg_namelen = sizeof(sockaddr_ll),
                             .msg_iov = &v.buffers[i],
                             .msg_iovlen = 1,
                             .msg_control = nullptr,
                             .msg_controllen = 0,
                             .msg_flags = 0};
  }
  const int sent = ::sendmmsg(fd_, v.messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::uint64_t PacketPort::take_drops() {
  tpacket_stats statistics{};
  socklen_t size = sizeof statistics;
  if (::getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) != 0) return 0;
  return statistics.tp_drops;
}

}  // namespace gnomon::lab
