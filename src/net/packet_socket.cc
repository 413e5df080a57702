#include "net/packet_socket.h"

// clang-format off: linux/errqueue.h needs time.h before it
#include <linux/errqueue.h>
#include <time.h>
// clang-format on
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "net/control_message.h"

namespace gnomon::net {

struct PacketBuffers::Arrays {
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> vectors{};
  std::array<sockaddr_storage, kBatch> names{};
  struct alignas(cmsghdr) Control {
    std::array<std::byte, 512> bytes{};
  };
  std::array<Control, kBatch> control{};
  std::size_t snap_length = 0;
  std::vector<std::byte> payload;  // kBatch times snap_length

  std::span<std::byte> room(std::size_t i) { return std::span(payload).subspan(i * snap_length, snap_length); }
  std::span<const std::byte> received(std::size_t i) {
    return room(i).first(std::min<std::size_t>(messages[i].msg_len, snap_length));
  }

  mmsghdr& reset(std::size_t i) {
    auto& message = messages[i];
    message = {};
    message.msg_hdr.msg_name = &names[i];
    message.msg_hdr.msg_namelen = sizeof names[i];
    message.msg_hdr.msg_iov = &vectors[i];
    message.msg_hdr.msg_iovlen = 1;
    message.msg_hdr.msg_control = control[i].bytes.data();
    message.msg_hdr.msg_controllen = control[i].bytes.size();
    return message;
  }

  void prepare_receive() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      reset(i);
      vectors[i] = {room(i).data(), snap_length};
    }
  }
};

PacketBuffers::PacketBuffers(std::size_t snap_length) : arrays_(std::make_unique<Arrays>()) {
  arrays_->snap_length = snap_length;
  arrays_->payload.resize(kBatch * snap_length);
}
std::size_t PacketBuffers::snap_length() const {
  return arrays_->snap_length;
}
PacketBuffers::~PacketBuffers() = default;

namespace {

constexpr int kReceiveTimes = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
constexpr int kTransmitTimes = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_OPT_TSONLY;

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::optional<WallTime> wall_time(const timespec& time) {
  if (time.tv_sec == 0 && time.tv_nsec == 0) return std::nullopt;  // "no timestamp of this kind"
  return WallTime{std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec)};
}

in_pktinfo packet_info4(const Address& source) {
  in_pktinfo packet_info{};
  std::memcpy(&packet_info.ipi_spec_dst, source.bytes().data(), sizeof packet_info.ipi_spec_dst);
  return packet_info;
}

in6_pktinfo packet_info6(const Address& source) {
  in6_pktinfo packet_info{};
  std::memcpy(&packet_info.ipi6_addr, source.bytes().data(), sizeof packet_info.ipi6_addr);
  packet_info.ipi6_ifindex = source.scope_id();
  return packet_info;
}

void write_control(msghdr& header, std::size_t capacity, const OutgoingPacket& packet) {
  ControlWriter control(header, capacity);
  const bool v4 = packet.to.address.family() == Family::kIpv4;
  const int traffic_class = packet.dscp.traffic_class() | (packet.ecn & 3);
  if (traffic_class != 0) control.add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, traffic_class);
  if (packet.ttl) {
    control.add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_HOPLIMIT, static_cast<int>(packet.ttl->value));
  }
  if (packet.source && v4) control.add(IPPROTO_IP, IP_PKTINFO, packet_info4(*packet.source));
  if (packet.source && !v4) control.add(IPPROTO_IPV6, IPV6_PKTINFO, packet_info6(*packet.source));
  if (header.msg_controllen == 0) header.msg_control = nullptr;
}

void read_destination4(const cmsghdr& message, IncomingPacket& packet) {
  const auto packet_info = control_value<in_pktinfo>(message);
  if (!packet_info) return;
  std::array<std::byte, 4> bytes{};
  std::memcpy(bytes.data(), &packet_info->ipi_addr, bytes.size());
  packet.destination = Address::v4(bytes);
  // spec_dst is the host's own address on the way back; for unicast it is the destination itself.
  packet.unicast = packet_info->ipi_addr.s_addr == packet_info->ipi_spec_dst.s_addr;
}

void read_destination6(const cmsghdr& message, IncomingPacket& packet) {
  const auto packet_info = control_value<in6_pktinfo>(message);
  if (!packet_info) return;
  std::array<std::byte, 16> bytes{};
  std::memcpy(bytes.data(), &packet_info->ipi6_addr, bytes.size());
  const Address plain = Address::v6(bytes);
  packet.destination = plain.is_link_local() ? plain.with_scope(packet_info->ipi6_ifindex) : plain;
  packet.unicast = !plain.is_multicast();
}

void read_control(const cmsghdr& message, IncomingPacket& packet) {
  if (message.cmsg_level == SOL_SOCKET && message.cmsg_type == SCM_TIMESTAMPING) {
    if (const auto times = control_value<scm_timestamping>(message)) packet.kernel_time = wall_time(times->ts[0]);
  } else if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_TTL) {
    if (const auto ttl = control_value<int>(message)) packet.ttl = Ttl{static_cast<std::uint8_t>(*ttl)};
  } else if (message.cmsg_level == IPPROTO_IPV6 && message.cmsg_type == IPV6_HOPLIMIT) {
    if (const auto ttl = control_value<int>(message)) packet.ttl = Ttl{static_cast<std::uint8_t>(*ttl)};
  } else if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_TOS) {
    packet.traffic_class = control_value<std::uint8_t>(message).value_or(0);
  } else if (message.cmsg_level == IPPROTO_IPV6 && message.cmsg_type == IPV6_TCLASS) {
    packet.traffic_class = static_cast<std::uint8_t>(control_value<int>(message).value_or(0));
  } else if (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_PKTINFO) {
    read_destination4(message, packet);
  } else if (message.cmsg_level == IPPROTO_IPV6 && message.cmsg_type == IPV6_PKTINFO) {
    read_destination6(message, packet);
  }
}

template <typename Visit>
void for_each_control(msghdr& header, Visit visit) {
  for (auto* message = CMSG_FIRSTHDR(&header); message != nullptr; message = CMSG_NXTHDR(&header, message)) {
    visit(*message);
  }
}

bool is_error_report(const cmsghdr& message) {
  return (message.cmsg_level == IPPROTO_IP && message.cmsg_type == IP_RECVERR) ||
         (message.cmsg_level == IPPROTO_IPV6 && message.cmsg_type == IPV6_RECVERR);
}

std::optional<Address> offender(const cmsghdr& message) {
  // SO_EE_OFFENDER: the reporter's sockaddr follows the sock_extended_err.
  const std::size_t held = message.cmsg_len - CMSG_LEN(sizeof(sock_extended_err));
  sockaddr_storage storage{};
  if (message.cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sizeof(sockaddr_in))) return std::nullopt;
  std::memcpy(&storage, CMSG_DATA(const_cast<cmsghdr*>(&message)) + sizeof(sock_extended_err),
              std::min(held, sizeof storage));
  const auto endpoint = Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&storage), held);
  return endpoint ? std::optional(endpoint->address) : std::nullopt;
}

}  // namespace

PacketSocket::PacketSocket(FileDescriptor fd, Family family, bool want_transmit_times)
    : fd_(std::move(fd)), family_(family) {
  const bool v4 = family == Family::kIpv4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  set_option(fd_.get(), level, v4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 1);
  set_option(fd_.get(), level, v4 ? IP_RECVTOS : IPV6_RECVTCLASS, 1);
  set_option(fd_.get(), level, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
  transmit_times_ = want_transmit_times && request_timestamps(true);
  if (!transmit_times_) set_option(fd_.get(), SOL_SOCKET, SO_TIMESTAMPING, kReceiveTimes);
}

bool PacketSocket::request_timestamps(bool with_ids) {
  const int flags = kReceiveTimes | kTransmitTimes | (with_ids ? SOF_TIMESTAMPING_OPT_ID : 0);
  return set_option(fd_.get(), SOL_SOCKET, SO_TIMESTAMPING, flags);
}

Status PacketSocket::bind(const Endpoint& local) {
  sockaddr_storage name{};
  const auto size = local.to_sockaddr(name);
  if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), size) == 0) return {};
  return errno_failure(errno, "bind socket", to_string(local));
}

std::optional<Endpoint> PacketSocket::local() const {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
  return Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&name), size);
}

void PacketSocket::report_errors() {
  if (family_ == Family::kIpv4) set_option(fd_.get(), IPPROTO_IP, IP_RECVERR, 1);
  if (family_ == Family::kIpv6) set_option(fd_.get(), IPPROTO_IPV6, IPV6_RECVERR, 1);
}

std::size_t PacketSocket::send(PacketBuffers& buffers, std::span<OutgoingPacket> packets, int& error) {
  auto& arrays = *buffers.arrays_;
  packets = packets.first(std::min(packets.size(), PacketBuffers::kBatch));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    auto& header = arrays.reset(i).msg_hdr;
    header.msg_namelen = packets[i].to.to_sockaddr(arrays.names[i]);
    arrays.vectors[i] = {const_cast<std::byte*>(packets[i].bytes.data()), packets[i].bytes.size()};
    write_control(header, arrays.control[i].bytes.size(), packets[i]);
  }
  std::size_t sent = 0;
  for (int failures = 0; sent < packets.size();) {
    const int count =
        ::sendmmsg(fd_.get(), &arrays.messages[sent], static_cast<unsigned>(packets.size() - sent), MSG_NOSIGNAL);
    if (count > 0) {
      for (int i = 0; i < count; ++i) packets[sent++].id = next_id_++;
      failures = 0;
      continue;
    }
    error = errno;
    // Whether the kernel counted the failed packet differs between versions; setting the option anew restarts at 0.
    if (transmit_times_ && request_timestamps(false) && request_timestamps(true)) next_id_ = 0;
    if (++failures == 2) break;
  }
  return sent;
}

std::size_t PacketSocket::receive(PacketBuffers& buffers, const std::function<void(const IncomingPacket&)>& visit) {
  auto& arrays = *buffers.arrays_;
  arrays.prepare_receive();
  const int count =
      ::recvmmsg(fd_.get(), arrays.messages.data(), PacketBuffers::kBatch, MSG_DONTWAIT | MSG_TRUNC, nullptr);
  for (int i = 0; i < count; ++i) {
    auto& message = arrays.messages[static_cast<std::size_t>(i)];
    auto& header = message.msg_hdr;
    const auto from = Endpoint::from_sockaddr(static_cast<sockaddr*>(header.msg_name), header.msg_namelen);
    if (!from) continue;
    IncomingPacket packet;
    packet.from = *from;
    packet.size = message.msg_len;
    packet.bytes = arrays.received(static_cast<std::size_t>(i));
    for_each_control(header, [&packet](const cmsghdr& control) { read_control(control, packet); });
    visit(packet);
  }
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

namespace {

// What one message of the error queue says.
struct ErrorMessage {
  std::optional<sock_extended_err> report;
  std::optional<WallTime> time;
  std::optional<Address> reporter;
};

ErrorMessage read_error_message(msghdr& header) {
  ErrorMessage out;
  for_each_control(header, [&out](const cmsghdr& control) {
    if (control.cmsg_level == SOL_SOCKET && control.cmsg_type == SCM_TIMESTAMPING) {
      if (const auto times = control_value<scm_timestamping>(control)) out.time = wall_time(times->ts[0]);
    } else if (is_error_report(control)) {
      out.report = control_value<sock_extended_err>(control);
      out.reporter = offender(control);
    }
  });
  return out;
}

}  // namespace

std::size_t PacketSocket::read_errors(PacketBuffers& buffers, const std::function<void(const TransmitTime&)>& on_time,
                                      const std::function<void(const ReportedError&)>& on_error) {
  auto& arrays = *buffers.arrays_;
  arrays.prepare_receive();
  const int count =
      ::recvmmsg(fd_.get(), arrays.messages.data(), PacketBuffers::kBatch, MSG_DONTWAIT | MSG_ERRQUEUE, nullptr);
  for (int i = 0; i < count; ++i) {
    auto& message = arrays.messages[static_cast<std::size_t>(i)];
    const auto read = read_error_message(message.msg_hdr);
    if (!read.report) continue;
    if (read.report->ee_origin == SO_EE_ORIGIN_TIMESTAMPING && read.time) {
      const auto stage = read.report->ee_info == SCM_TSTAMP_SCHED ? TransmitTime::Stage::kScheduled
                                                                  : TransmitTime::Stage::kTransmitted;
      on_time({read.report->ee_data, stage, *read.time});
    } else if (read.report->ee_origin == SO_EE_ORIGIN_ICMP || read.report->ee_origin == SO_EE_ORIGIN_ICMP6) {
      const auto to =
          Endpoint::from_sockaddr(static_cast<sockaddr*>(message.msg_hdr.msg_name), message.msg_hdr.msg_namelen);
      if (!to) continue;
      on_error({family_, read.report->ee_type, read.report->ee_code, *to, read.reporter,
                arrays.received(static_cast<std::size_t>(i))});
    }
  }
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace gnomon::net
