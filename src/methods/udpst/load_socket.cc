#include "methods/udpst/load_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "methods/udpst/load_arrays.h"
#include "net/control_message.h"

namespace gnomon::methods::udpst {

struct LoadSocket::State {
  explicit State(net::FileDescriptor open, Family its_family) : fd(std::move(open)), family(its_family) {}

  net::FileDescriptor fd;
  Family family;
  bool connected = false, gso = false, gro = false;
  SendArrays outgoing;
  ReceiveArrays incoming;
};

namespace {

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

void set_buffers(int fd, const LoadSocket::Options& options) {
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, options.receive_buffer)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  }
  set_option(fd, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
}

// What a kernel or a device says that does not segment, or when the datagrams would have to be fragmented.
bool refuses_segmentation(int fault) {
  return fault == EINVAL || fault == EIO || fault == EMSGSIZE || fault == EOPNOTSUPP || fault == ENOPROTOOPT;
}

}  // namespace

Result<LoadSocket> LoadSocket::open(const net::Endpoint& local, const Options& options, net::SocketSpace& space) {
  const auto family = local.address.family();
  const bool is_v6 = family == Family::kIpv6;
  auto opened = space.open_socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  if (!opened) return tl::unexpected(opened.error());
  net::FileDescriptor fd = std::move(*opened);
  if (is_v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  sockaddr_storage name{};
  const auto length = local.to_sockaddr(name);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    return errno_failure(errno, "bind UDP socket", net::to_string(local));
  }
  set_buffers(fd.get(), options);
  auto state = std::make_unique<State>(std::move(fd), family);
  state->gso = options.use_gso && set_option(state->fd.get(), IPPROTO_UDP, UDP_SEGMENT, 0);
  state->gro = options.use_gro && set_option(state->fd.get(), IPPROTO_UDP, UDP_GRO, 1);
  state->incoming.lay_out(state->gro);
  return LoadSocket(std::move(state));
}

LoadSocket::LoadSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}
LoadSocket::LoadSocket(LoadSocket&&) noexcept = default;
LoadSocket& LoadSocket::operator=(LoadSocket&&) noexcept = default;
LoadSocket::~LoadSocket() = default;

int LoadSocket::fd() const {
  return state_->fd.get();
}
bool LoadSocket::uses_gso() const {
  return state_->gso;
}
bool LoadSocket::uses_gro() const {
  return state_->gro;
}

Result<net::Endpoint> LoadSocket::local() const {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  auto* generic = reinterpret_cast<sockaddr*>(&name);
  if (::getsockname(fd(), generic, &length) != 0) return errno_failure(errno, "ask for the address of", "UDP socket");
  return net::Endpoint::from_sockaddr(generic, length).value_or(net::Endpoint{});
}

Status LoadSocket::connect(const net::Endpoint& peer) {
  sockaddr_storage name{};
  const auto length = peer.to_sockaddr(name);
  if (::connect(fd(), reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    return errno_failure(errno, "connect UDP socket", net::to_string(peer));
  }
  state_->connected = true;
  return {};
}

std::uint32_t LoadSocket::path_mtu() const {
  int mtu = 0;
  socklen_t length = sizeof mtu;
  const bool is_v6 = state_->family == Family::kIpv6;
  if (::getsockopt(fd(), is_v6 ? static_cast<int>(IPPROTO_IPV6) : static_cast<int>(IPPROTO_IP),
                   is_v6 ? IPV6_MTU : IP_MTU, &mtu, &length) != 0) {
    return 0;
  }
  return mtu > 0 ? static_cast<std::uint32_t>(mtu) : 0;
}

bool LoadSocket::send(std::span<const std::byte> bytes) {
  return ::send(fd(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size());
}

bool LoadSocket::send_to(std::span<const std::byte> bytes, const net::Endpoint& to) {
  sockaddr_storage name{};
  const auto length = to.to_sockaddr(name);
  return ::sendto(fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&name), length) ==
         static_cast<ssize_t>(bytes.size());
}

std::uint32_t LoadSocket::send_load(const LoadPdu& first, const Burst& burst) {
  auto& arrays = state_->outgoing;
  arrays.fill(first, burst);
  while (true) {
    const auto messages = state_->gso ? arrays.in_segments(state_->family) : arrays.one_each();
    const int sent = ::sendmmsg(fd(), arrays.messages(), messages, 0);
    if (sent > 0) return arrays.datagrams_in(static_cast<unsigned>(sent));
    // A pending ICMP error is reported once and says nothing about this burst.
    if (errno == ECONNREFUSED || errno == EINTR) continue;
    if (!state_->gso || !refuses_segmentation(errno)) return 0;
    state_->gso = false;
  }
}

std::size_t LoadSocket::receive(const Visit& visit) {
  auto& arrays = state_->incoming;
  arrays.prepare(!state_->connected);
  const int count = ::recvmmsg(fd(), arrays.messages(), arrays.capacity(), MSG_DONTWAIT | MSG_TRUNC, nullptr);
  if (count <= 0) return errno == ECONNREFUSED || errno == EINTR ? 1 : 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const auto from = state_->connected ? std::nullopt : arrays.from(i);
    const auto whole = arrays.bytes(i);
    const std::size_t segment = arrays.segment_size(i);
    const auto size = arrays.size(i);
    if (segment == 0 || segment >= size) {
      visit({whole, static_cast<std::uint32_t>(size)}, from ? &*from : nullptr);
      continue;
    }
    for (std::size_t at = 0; at < whole.size(); at += segment) {
      const auto part = whole.subspan(at, std::min(segment, whole.size() - at));
      visit({part, static_cast<std::uint32_t>(part.size())}, from ? &*from : nullptr);
    }
  }
  return static_cast<std::size_t>(count);
}

}  // namespace gnomon::methods::udpst
