#include "methods/stamp/stamp_method.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "methods/stamp/stamp_codec.h"
#include "wire/stamp.h"
#include "wire/stamp_tlv.h"

namespace gnomon::methods::stamp {
namespace {

constexpr std::uint32_t kGreatestPayload = 65'000;

class StampMethod final : public Method {
 public:
  [[nodiscard]] std::string_view name() const override { return "stamp"; }

  Status complete(DelaySpec& spec) const override {
    if (spec.payload_bytes > kGreatestPayload) {
      return failure(ErrorCode::kInvalidArgument, "measure", net::to_string(spec.target.address),
                     "a payload of " + std::to_string(spec.payload_bytes) + " bytes does not fit into a packet",
                     "use at most 65000");
    }
    if (spec.target.port.value == 0) spec.target.port = wire::kStampPort;
    if (spec.stamp.twamp_light) {
      // So long that a reflector may answer with as many bytes as it got.
      spec.payload_bytes = std::max<std::uint32_t>(spec.payload_bytes, wire::kTwampReflectorSize);
    } else if (spec.payload_bytes <= wire::kStampBaseSize) {
      spec.payload_bytes = wire::kStampBaseSize;
    } else {
      // What is longer than the base packet is one Extra Padding TLV with its header.
      spec.payload_bytes = std::max<std::uint32_t>(spec.payload_bytes, wire::kStampBaseSize + wire::kTlvHeaderSize);
    }
    return {};
  }

  [[nodiscard]] std::size_t packet_size(const DelaySpec& spec) const override { return spec.payload_bytes; }

  Result<PacketChannel> open(const DelaySpec& spec, Random& random) const override {
    const Family family = spec.target.address.family();
    auto fd = spec.space->open_socket(family == Family::kIpv4 ? AF_INET : AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
    if (!fd) return tl::unexpected(fd.error());
    net::PacketSocket socket(std::move(*fd), family);
    // Bound at once, so that the port is the same for every packet from the first on.
    if (auto bound = socket.bind({net::Address::any(family), Port{0}}); !bound) return tl::unexpected(bound.error());
    socket.report_errors();
    crypto::SipHashKey key{};
    random.fill(key);
    const auto session_id = static_cast<std::uint16_t>(random.next() | 1);  // RFC 8972 §3: not zero
    return PacketChannel{std::move(socket), std::make_unique<StampCodec>(family, session_id, key)};
  }
};

}  // namespace

const Method& method() {
  static const StampMethod stamp;
  return stamp;
}

}  // namespace gnomon::methods::stamp
