#include "probe/rtnetlink.h"

#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace gnomon::probe {
namespace {

// A message's attributes, found by type.
template <typename Body>
class Attributes {
 public:
  explicit Attributes(const nlmsghdr* message) {
    const auto head = NLMSG_LENGTH(sizeof(Body));
    if (message->nlmsg_len < head) return;
    first_ = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(message) + NLMSG_ALIGN(head));
    length_ = static_cast<int>(message->nlmsg_len - NLMSG_ALIGN(head));
  }
  [[nodiscard]] const rtattr* find(unsigned short type) const {
    int left = length_;
    for (const rtattr* a = first_; a != nullptr && RTA_OK(a, left); a = RTA_NEXT(a, left)) {
      if ((a->rta_type & NLA_TYPE_MASK) == type) return a;
    }
    return nullptr;
  }

 private:
  const rtattr* first_ = nullptr;
  int length_ = 0;
};

std::uint32_t number_of(const rtattr* attribute) {
  std::uint32_t value = 0;
  if (attribute != nullptr && RTA_PAYLOAD(attribute) >= sizeof value) {
    std::memcpy(&value, RTA_DATA(attribute), sizeof value);
  }
  return value;
}

std::optional<net::Address> address_of(const rtattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  std::array<std::byte, 4> four{};
  std::array<std::byte, 16> sixteen{};
  if (RTA_PAYLOAD(attribute) == four.size()) {
    std::memcpy(four.data(), RTA_DATA(attribute), four.size());
    return net::Address::v4(four);
  }
  if (RTA_PAYLOAD(attribute) == sixteen.size()) {
    std::memcpy(sixteen.data(), RTA_DATA(attribute), sixteen.size());
    return net::Address::v6(sixteen);
  }
  return std::nullopt;
}

std::optional<Family> family_of(unsigned char family) {
  if (family == AF_INET) return Family::kIpv4;
  if (family == AF_INET6) return Family::kIpv6;
  return std::nullopt;
}

void take_link(const nlmsghdr* message, NetworkReading& reading) {
  const auto* body = static_cast<const ifinfomsg*>(NLMSG_DATA(message));
  const Attributes<ifinfomsg> attributes(message);
  LinkReading link;
  link.index = static_cast<std::uint32_t>(body->ifi_index);
  link.loopback = (body->ifi_flags & IFF_LOOPBACK) != 0;
  link.up = (body->ifi_flags & IFF_UP) != 0 && (body->ifi_flags & IFF_RUNNING) != 0;
  if (const auto* name = attributes.find(IFLA_IFNAME)) {
    const auto* text = static_cast<const char*>(RTA_DATA(name));
    link.name.assign(text, ::strnlen(text, RTA_PAYLOAD(name)));
  }
  rtnl_link_stats64 counts{};
  if (const auto* a = attributes.find(IFLA_STATS64); a != nullptr) {
    std::memcpy(&counts, RTA_DATA(a), std::min<std::size_t>(sizeof counts, RTA_PAYLOAD(a)));
  }
  link.rx_errors = counts.rx_errors;
  link.tx_errors = counts.tx_errors;
  reading.links.push_back(std::move(link));
}

void take_address(const nlmsghdr* message, NetworkReading& reading) {
  const auto* body = static_cast<const ifaddrmsg*>(NLMSG_DATA(message));
  const auto family = family_of(body->ifa_family);
  if (!family) return;
  const bool wide = body->ifa_scope < RT_SCOPE_LINK;
  const bool ready = (body->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) == 0;
  reading.addresses.push_back({body->ifa_index, *family, wide && ready});
}

void take_route(const nlmsghdr* message, NetworkReading& reading) {
  const auto* body = static_cast<const rtmsg*>(NLMSG_DATA(message));
  const auto family = family_of(body->rtm_family);
  if (!family || body->rtm_table != RT_TABLE_MAIN || body->rtm_type != RTN_UNICAST) return;
  const Attributes<rtmsg> attributes(message);
  RouteReading route;
  route.family = *family;
  route.link = number_of(attributes.find(RTA_OIF));
  route.is_default = body->rtm_dst_len == 0;
  route.gateway = address_of(attributes.find(RTA_GATEWAY));
  const auto* paths = attributes.find(RTA_MULTIPATH);
  if (!route.gateway && paths != nullptr && RTA_PAYLOAD(paths) >= sizeof(rtnexthop)) {
    const auto* hop = static_cast<const rtnexthop*>(RTA_DATA(paths));
    route.link = static_cast<std::uint32_t>(hop->rtnh_ifindex);
    int left = static_cast<int>(hop->rtnh_len) - static_cast<int>(sizeof *hop);
    for (const auto* a = RTNH_DATA(hop); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
      if (a->rta_type == RTA_GATEWAY) route.gateway = address_of(a);
    }
  }
  if (route.is_default || route.gateway) reading.routes.push_back(route);
}

void take_neighbour(const nlmsghdr* message, NetworkReading& reading) {
  const auto* body = static_cast<const ndmsg*>(NLMSG_DATA(message));
  const Attributes<ndmsg> attributes(message);
  const auto address = address_of(attributes.find(NDA_DST));
  if (!address) return;
  const bool failed = (body->ndm_state & (NUD_FAILED | NUD_INCOMPLETE)) != 0;
  reading.neighbours.push_back({static_cast<std::uint32_t>(body->ndm_ifindex), *address, failed});
}

// Asks for one table and hands each entry to `take`.
Status dump(int fd, std::uint32_t sequence, std::uint16_t type, void (*take)(const nlmsghdr*, NetworkReading&),
            NetworkReading& reading) {
  struct {
    nlmsghdr head;
    rtgenmsg body;
  } request{};
  request.head.nlmsg_len = NLMSG_LENGTH(sizeof request.body);
  request.head.nlmsg_type = type;
  request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.head.nlmsg_seq = sequence;
  request.body.rtgen_family = AF_UNSPEC;
  if (::send(fd, &request, request.head.nlmsg_len, 0) < 0) return errno_failure(errno, "ask for network state", "");
  alignas(nlmsghdr) std::array<char, 32768> buffer{};
  while (true) {
    pollfd wait{fd, POLLIN, 0};
    constexpr int kPatienceMs = 1000;  // The kernel answers at once; this only bounds a fault.
    if (::poll(&wait, 1, kPatienceMs) <= 0) {
      return failure(ErrorCode::kUnavailable, "read network state", "", "the kernel does not answer");
    }
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size < 0) return errno_failure(errno, "read network state", "");
    auto left = static_cast<unsigned>(size);
    for (const auto* m = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_seq != sequence) continue;
      if (m->nlmsg_type == NLMSG_DONE) return {};
      if (m->nlmsg_type == NLMSG_ERROR) return failure(ErrorCode::kIo, "read network state", "", "the kernel refused");
      take(m, reading);
    }
  }
}

std::uint64_t speed_of(int fd, const std::string& link) {
  ethtool_cmd command{};
  command.cmd = ETHTOOL_GSET;
  ifreq request{};
  std::strncpy(request.ifr_name, link.c_str(), IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&command);
  if (::ioctl(fd, SIOCETHTOOL, &request) != 0) return 0;
  const std::uint32_t speed = ethtool_cmd_speed(&command);
  return speed == static_cast<std::uint32_t>(SPEED_UNKNOWN) ? 0 : speed;
}

}  // namespace

Result<NetworkSensor> NetworkSensor::open(net::SocketSpace& space) {
  auto netlink = space.open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (!netlink) return tl::unexpected(netlink.error());
  auto datagram = space.open_socket(AF_INET, SOCK_DGRAM, 0);
  if (!datagram) return tl::unexpected(datagram.error());
  return NetworkSensor(std::move(*netlink), std::move(*datagram));
}

Result<NetworkReading> NetworkSensor::read() {
  NetworkReading reading;
  const int fd = netlink_.get();
  Status done = dump(fd, ++sequence_, RTM_GETLINK, take_link, reading);
  if (done) done = dump(fd, ++sequence_, RTM_GETADDR, take_address, reading);
  if (done) done = dump(fd, ++sequence_, RTM_GETROUTE, take_route, reading);
  if (done) done = dump(fd, ++sequence_, RTM_GETNEIGH, take_neighbour, reading);
  if (!done) return tl::unexpected(done.error());
  for (LinkReading& link : reading.links) link.speed_mbit = link.loopback ? 0 : speed_of(datagram_.get(), link.name);
  return reading;
}

}  // namespace gnomon::probe
