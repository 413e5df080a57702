#include "wire/ip.h"

#include <algorithm>

#include "wire/byte_order.h"

namespace gnomon::wire {
namespace {

constexpr std::size_t kIpv4MinHeader = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr int kMaxExtensionHeaders = 8;

// RFC 8200 §4.1; the numbers are those of the IANA registry "IPv6 Extension Header Types".
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;

Decoded<IpHeader> decode_ipv4(std::span<const std::byte> packet) noexcept {
  if (packet.size() < kIpv4MinHeader) return malformed("truncated IPv4 header", packet.size());
  const std::size_t length = static_cast<std::size_t>(load<std::uint8_t>(packet, 0) & 0x0f) * 4;
  if (length < kIpv4MinHeader) return malformed("IPv4 header length below 20", 0);
  if (packet.size() < length) return malformed("truncated IPv4 options", packet.size());
  if ((load<std::uint16_t>(packet, 6) & 0x1fff) != 0) return malformed("not the first fragment", 6);
  IpHeader header;
  header.traffic_class = load<std::uint8_t>(packet, 1);
  header.ttl = Ttl{load<std::uint8_t>(packet, 8)};
  header.protocol = load<std::uint8_t>(packet, 9);
  header.payload_offset = static_cast<std::uint16_t>(length);
  std::copy_n(packet.begin() + 12, 4, header.source.begin());
  std::copy_n(packet.begin() + 16, 4, header.destination.begin());
  return header;
}

bool is_extension(std::uint8_t next) noexcept {
  return next == kHopByHop || next == kRouting || next == kFragment || next == kAuthentication ||
         next == kDestinationOptions;
}

Decoded<IpHeader> decode_ipv6(std::span<const std::byte> packet) noexcept {
  if (packet.size() < kIpv6Header) return malformed("truncated IPv6 header", packet.size());
  IpHeader header;
  header.family = Family::kIpv6;
  header.traffic_class = static_cast<std::uint8_t>(load<std::uint16_t>(packet, 0) >> 4 & 0xff);
  header.ttl = Ttl{load<std::uint8_t>(packet, 7)};
  std::copy_n(packet.begin() + 8, 16, header.source.begin());
  std::copy_n(packet.begin() + 24, 16, header.destination.begin());
  std::uint8_t next = load<std::uint8_t>(packet, 6);
  std::size_t offset = kIpv6Header;
  for (int hops = 0; is_extension(next); ++hops) {
    if (packet.size() < offset + 8) return malformed("truncated extension header", packet.size());
    if (hops == kMaxExtensionHeaders) return malformed("too many extension headers", offset);
    if (next == kFragment && (load<std::uint16_t>(packet, offset + 2) & 0xfff8) != 0) {
      return malformed("not the first fragment", offset + 2);
    }
    const std::size_t units = load<std::uint8_t>(packet, offset + 1);
    std::size_t length = (units + 1) * 8;
    if (next == kFragment) length = 8;
    if (next == kAuthentication) length = (units + 2) * 4;  // RFC 4302 §2.2
    next = load<std::uint8_t>(packet, offset);
    offset += length;
  }
  if (packet.size() < offset) return malformed("truncated extension header", packet.size());
  header.protocol = next;
  header.payload_offset = static_cast<std::uint16_t>(offset);
  return header;
}

}  // namespace

Decoded<IpHeader> decode_ip_header(std::span<const std::byte> packet) noexcept {
  if (packet.empty()) return malformed("empty packet", 0);
  const std::uint8_t version = load<std::uint8_t>(packet, 0) >> 4;
  if (version == 4) return decode_ipv4(packet);
  if (version == 6) return decode_ipv6(packet);
  return malformed("IP version is neither 4 nor 6", 0);
}

}  // namespace gnomon::wire
