#include "lab/frame_view.h"

#include <algorithm>
#include <array>

namespace gnomon::lab {

namespace {

std::uint8_t octet(std::span<const std::byte> frame, std::size_t at) noexcept {
  return std::to_integer<std::uint8_t>(frame[at]);
}

// FNV-1a, 64 bits.
constexpr std::uint64_t kStart = 0xcbf29ce484222325U;
void mix(std::uint64_t& hash, std::span<const std::byte> bytes) noexcept {
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3U;
}

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;

// `transport` starts at the transport header; it may be cut.
void mix_transport(std::uint64_t& hash, std::uint8_t protocol, std::span<const std::byte> transport) noexcept {
  if (transport.size() < 8) return;
  if (protocol == kTcp || protocol == kUdp) mix(hash, transport.first(4));
  const std::uint8_t type = octet(transport, 0);
  const bool echo =
      (protocol == kIcmp && (type == 0 || type == 8)) || (protocol == kIcmp6 && (type == 128 || type == 129));
  if (echo) mix(hash, transport.subspan(4, 2));
}

}  // namespace

Frame::Kind frame_kind(std::span<const std::byte> frame) noexcept {
  if (frame.size() < kEthernetHeader) return Frame::Kind::kOther;
  const unsigned type = octet(frame, 12) * 256U + octet(frame, 13);
  if (type == 0x0800) return Frame::Kind::kIpv4;
  if (type == 0x86DD) return Frame::Kind::kIpv6;
  return Frame::Kind::kOther;
}

std::uint64_t frame_flow(std::span<const std::byte> frame) noexcept {
  const Frame::Kind kind = frame_kind(frame);
  if (kind == Frame::Kind::kOther) return 0;
  const auto packet = frame.subspan(kEthernetHeader);
  std::uint64_t hash = kStart;
  if (kind == Frame::Kind::kIpv4) {
    if (packet.size() < 20) return 0;
    const std::size_t header = (octet(packet, 0) & 15U) * 4U;
    const std::uint8_t protocol = octet(packet, 9);
    mix(hash, packet.subspan(9, 1));
    mix(hash, packet.subspan(12, 8));
    const bool first_fragment = ((octet(packet, 6) & 0x1FU) | octet(packet, 7)) == 0;
    if (first_fragment && header >= 20 && header <= packet.size())
      mix_transport(hash, protocol, packet.subspan(header));
    return hash;
  }
  if (packet.size() < 40) return 0;
  mix(hash, packet.subspan(6, 1));
  mix(hash, packet.subspan(8, 32));
  mix_transport(hash, octet(packet, 6), packet.subspan(40));
  return hash;
}

bool is_listener_report(std::span<const std::byte> frame) noexcept {
  static constexpr std::array<std::byte, 6> kAllMldRouters{std::byte{0x33}, std::byte{0x33}, std::byte{0},
                                                           std::byte{0},    std::byte{0},    std::byte{0x16}};
  return frame.size() >= kEthernetHeader && std::equal(kAllMldRouters.begin(), kAllMldRouters.end(), frame.begin());
}

}  // namespace gnomon::lab
