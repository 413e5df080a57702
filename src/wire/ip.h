#pragma once

// IPv4 and IPv6 headers as they come in front of a received packet or inside an ICMP error's quote. Pure functions.
//
// IPv4, RFC 791 §3.1                                IPv6, RFC 8200 §3
//  0  version(4) IHL(4) | TOS | total length         0  version(4) traffic class(8) flow label(20)
//  4  identification | flags(3) offset(13)           4  payload length | next header | hop limit
//  8  TTL | protocol | header checksum               8  source address (16)
// 12  source address                                24  destination address (16)
// 16  destination address                           40  next header …
// 20  options (IHL·4 − 20) …

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/units.h"
#include "wire/decode_error.h"

namespace gnomon::wire {

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmp6 = 58;

struct IpHeader {
  Family family = Family::kIpv4;
  std::uint8_t protocol = 0;  // of the payload; IPv6 extension headers are stepped over
  std::uint8_t traffic_class = 0;
  Ttl ttl{};
  std::uint16_t payload_offset = 0;         // where the payload begins in the decoded bytes
  std::array<std::byte, 16> source{};       // the first 4 for IPv4
  std::array<std::byte, 16> destination{};  // the first 4 for IPv4
};

// Decodes either version, by its first nibble. The payload may be cut short (a quote), the header may not. A fragment
// other than the first is refused, because it has no transport header. At most 8 IPv6 extension headers are stepped
// over.
Decoded<IpHeader> decode_ip_header(std::span<const std::byte> packet) noexcept;

}  // namespace gnomon::wire
