#pragma once

// UDP header, RFC 768. Pure functions.
//
//  0  source port | destination port
//  4  length      | checksum

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/units.h"
#include "wire/byte_order.h"
#include "wire/decode_error.h"

namespace gnomon::wire {

inline constexpr std::size_t kUdpHeaderSize = 8;

struct UdpHeader {
  Port source;
  Port destination;
  std::uint16_t length = 0;  // header and payload, as told; a quote may hold less
};

inline Decoded<UdpHeader> decode_udp_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kUdpHeaderSize) return malformed("truncated UDP header", bytes.size());
  const UdpHeader header{Port{load<std::uint16_t>(bytes, 0)}, Port{load<std::uint16_t>(bytes, 2)},
                         load<std::uint16_t>(bytes, 4)};
  if (header.length < kUdpHeaderSize) return malformed("UDP length below 8", 4);
  return header;
}

}  // namespace gnomon::wire
