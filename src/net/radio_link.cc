#include "net/radio_link.h"

#include <linux/genetlink.h>
#include <linux/nl80211.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string_view>
#include <vector>

#include "net/netlink_attributes.h"

namespace gnomon::net {

namespace {

using Bytes = std::vector<std::byte>;

constexpr int kMostWait = 100;  // ms: the kernel answers at once

template <typename Struct>
void append(Bytes& out, const Struct& value) {
  const auto* from = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), from, from + sizeof value);
}

void append_attribute(Bytes& out, std::uint16_t type, std::span<const std::byte> value) {
  append(out, nlattr{static_cast<std::uint16_t>(NLA_HDRLEN + value.size()), type});
  out.insert(out.end(), value.begin(), value.end());
  out.resize(NLMSG_ALIGN(out.size()));
}

// One question to the kernel at a time.
class Netlink {
 public:
  static std::optional<Netlink> open(SocketSpace& space, int protocol) {
    auto socket = space.open_socket(AF_NETLINK, SOCK_RAW, protocol);
    return socket ? std::optional(Netlink(std::move(*socket))) : std::nullopt;
  }

  // What follows the header of the first message that answers; nothing when there is none, or an error.
  std::optional<Bytes> ask(std::uint16_t type, std::uint16_t flags, const Bytes& body) {
    Bytes request;
    append(request, nlmsghdr{static_cast<std::uint32_t>(NLMSG_HDRLEN + body.size()), type,
                             static_cast<std::uint16_t>(NLM_F_REQUEST | flags), ++sequence_, 0});
    request.insert(request.end(), body.begin(), body.end());
    if (::send(socket_.get(), request.data(), request.size(), 0) < 0) return std::nullopt;
    return answer();
  }

 private:
  explicit Netlink(FileDescriptor socket) : socket_(std::move(socket)) {}

  std::optional<Bytes> answer() {
    while (true) {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, kMostWait) <= 0) return std::nullopt;
      alignas(nlmsghdr) std::array<std::byte, 16'384> room{};
      const ssize_t size = ::recv(socket_.get(), room.data(), room.size(), 0);
      if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
      nlmsghdr head{};
      std::memcpy(&head, room.data(), sizeof head);
      if (head.nlmsg_len < sizeof head || head.nlmsg_len > static_cast<std::size_t>(size)) return std::nullopt;
      if (head.nlmsg_seq != sequence_) continue;  // of an earlier question
      if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_type == NLMSG_DONE) return std::nullopt;
      const auto body = std::span(room).subspan(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN);
      return Bytes(body.begin(), body.end());
    }
  }

  FileDescriptor socket_;
  std::uint32_t sequence_ = 0;
};

// What follows a header of the family's own at the beginning of a message.
template <typename Head>
std::optional<NetlinkAttributes> attributes_behind(const std::optional<Bytes>& message) {
  if (!message || message->size() < NLMSG_ALIGN(sizeof(Head))) return std::nullopt;
  return NetlinkAttributes(std::span<const std::byte>(*message).subspan(NLMSG_ALIGN(sizeof(Head))));
}

std::optional<std::uint32_t> link_towards(SocketSpace& space, const Address& peer) {
  auto kernel = Netlink::open(space, NETLINK_ROUTE);
  if (!kernel) return std::nullopt;
  const auto address = peer.bytes();
  rtmsg head{};
  head.rtm_family = peer.family() == Family::kIpv4 ? AF_INET : AF_INET6;
  head.rtm_dst_len = static_cast<unsigned char>(8 * address.size());
  Bytes body;
  append(body, head);
  append_attribute(body, RTA_DST, address);
  const auto answer = kernel->ask(RTM_GETROUTE, 0, body);
  const auto attributes = attributes_behind<rtmsg>(answer);
  return attributes ? attributes->number<std::uint32_t>(RTA_OIF) : std::nullopt;
}

std::optional<std::uint16_t> family_of_wifi(Netlink& kernel) {
  constexpr std::string_view kName = "nl80211";
  Bytes body;
  append(body, genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0});
  append_attribute(body, CTRL_ATTR_FAMILY_NAME, std::as_bytes(std::span(kName.data(), kName.size() + 1)));
  const auto answer = kernel.ask(GENL_ID_CTRL, 0, body);
  const auto attributes = attributes_behind<genlmsghdr>(answer);
  return attributes ? attributes->number<std::uint16_t>(CTRL_ATTR_FAMILY_ID) : std::nullopt;
}

// Bits per second of an NL80211_STA_INFO_…_BITRATE, which counts in 100 kbit/s.
std::optional<std::uint64_t> bit_rate(const std::optional<NetlinkAttributes>& rate) {
  constexpr std::uint64_t kUnit = 100'000;
  if (!rate) return std::nullopt;
  if (const auto wide = rate->number<std::uint32_t>(NL80211_RATE_INFO_BITRATE32)) return *wide * kUnit;
  if (const auto narrow = rate->number<std::uint16_t>(NL80211_RATE_INFO_BITRATE)) return *narrow * kUnit;
  return std::nullopt;
}

}  // namespace

std::optional<RadioLink> decode_station(std::span<const std::byte> attributes) {
  const auto station = NetlinkAttributes(attributes).nested(NL80211_ATTR_STA_INFO);
  if (!station) return std::nullopt;
  RadioLink link;
  auto signal = station->number<std::int8_t>(NL80211_STA_INFO_SIGNAL_AVG);
  if (!signal) signal = station->number<std::int8_t>(NL80211_STA_INFO_SIGNAL);
  if (signal && *signal < 0) link.signal_dbm = *signal;  // a driver without one says 0
  link.transmit_bps = bit_rate(station->nested(NL80211_STA_INFO_TX_BITRATE));
  link.receive_bps = bit_rate(station->nested(NL80211_STA_INFO_RX_BITRATE));
  return link;
}

std::optional<RadioLink> radio_towards(SocketSpace& space, const Address& peer) {
  auto kernel = Netlink::open(space, NETLINK_GENERIC);
  if (!kernel) return std::nullopt;
  const auto wifi = family_of_wifi(*kernel);
  if (!wifi) return std::nullopt;  // a kernel without Wi-Fi
  const auto link = link_towards(space, peer);
  if (!link) return std::nullopt;
  Bytes body;
  append(body, genlmsghdr{NL80211_CMD_GET_STATION, 0, 0});
  append_attribute(body, NL80211_ATTR_IFINDEX, std::as_bytes(std::span(&*link, 1)));
  const auto answer = kernel->ask(*wifi, NLM_F_DUMP, body);
  if (!answer || answer->size() < GENL_HDRLEN) return std::nullopt;  // a link of another kind, or not connected
  return decode_station(std::span<const std::byte>(*answer).subspan(GENL_HDRLEN));
}

}  // namespace gnomon::net
