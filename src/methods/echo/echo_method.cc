#include "methods/echo/echo_method.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "methods/echo/echo_codec.h"
#include "methods/echo/icmp_filter.h"
#include "wire/icmp.h"

namespace gnomon::methods::echo {
namespace {

constexpr std::uint32_t kGreatestPayload = 65'000;  // below the IP limit of 65,535 with every header

crypto::SipHashKey new_key(Random& random) {
  crypto::SipHashKey key{};
  random.fill(key);
  return key;
}

Result<net::FileDescriptor> open_icmp(net::SocketSpace& space, Family family, int type) {
  const bool v4 = family == Family::kIpv4;
  const int protocol = v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
  return space.open_socket(v4 ? AF_INET : AF_INET6, type, protocol);
}

Result<PacketChannel> open_raw(const DelaySpec& spec, Random& random) {
  const Family family = spec.target.address.family();
  auto fd = open_icmp(*spec.space, family, SOCK_RAW);
  if (!fd) return tl::unexpected(fd.error());
  const auto identifier = static_cast<std::uint16_t>(random.next());
  if (auto filtered = attach_icmp_filter(fd->get(), family, identifier); !filtered) {
    return tl::unexpected(filtered.error());
  }
  return PacketChannel{net::PacketSocket(std::move(*fd), family),
                       std::make_unique<EchoCodec>(family, identifier, family == Family::kIpv4, new_key(random))};
}

Result<PacketChannel> open_ping(const DelaySpec& spec, Random& random) {
  const Family family = spec.target.address.family();
  auto fd = open_icmp(*spec.space, family, SOCK_DGRAM);
  if (!fd) {
    auto error = fd.error();
    if (error.code == ErrorCode::kPermission) {
      error.operation = "open ICMP socket";
      error.advice =
          "run as root, or setcap cap_net_raw+ep on the program, or allow ping sockets: "
          "sysctl net.ipv4.ping_group_range=\"0 2147483647\"; or measure with --stamp";
    }
    return tl::unexpected(std::move(error));
  }
  PacketChannel channel{net::PacketSocket(std::move(*fd), family),
                        std::make_unique<EchoCodec>(family, std::nullopt, false, new_key(random))};
  channel.socket.report_errors();
  return channel;
}

class EchoMethod final : public Method {
 public:
  explicit EchoMethod(bool raw_allowed) : raw_allowed_(raw_allowed) {}

  [[nodiscard]] std::string_view name() const override { return "echo"; }

  Status complete(DelaySpec& spec) const override {
    if (spec.payload_bytes > kGreatestPayload) {
      return failure(ErrorCode::kInvalidArgument, "measure", net::to_string(spec.target.address),
                     "a payload of " + std::to_string(spec.payload_bytes) + " bytes does not fit into a packet",
                     "use at most 65000");
    }
    spec.target.port = Port{0};
    spec.payload_bytes = std::max<std::uint32_t>(spec.payload_bytes, kCookieSize);
    return {};
  }

  [[nodiscard]] std::size_t packet_size(const DelaySpec& spec) const override {
    return wire::kIcmpHeaderSize + spec.payload_bytes;
  }

  Result<PacketChannel> open(const DelaySpec& spec, Random& random) const override {
    if (!raw_allowed_) return open_ping(spec, random);
    auto raw = open_raw(spec, random);
    if (raw || raw.error().code != ErrorCode::kPermission) return raw;
    return open_ping(spec, random);
  }

 private:
  bool raw_allowed_;
};

}  // namespace

const Method& method() {
  static const EchoMethod echo(true);
  return echo;
}

const Method& unprivileged_method() {
  static const EchoMethod echo(false);
  return echo;
}

}  // namespace gnomon::methods::echo
