#pragma once

// Strong types for the small numbers of networking: explicit in, explicit out (`.value`). Plain values.

#include <compare>
#include <cstdint>

namespace gnomon {

struct Port {
  std::uint16_t value = 0;
  friend auto operator<=>(Port, Port) = default;
};

// IPv4 time to live or IPv6 hop limit.
struct Ttl {
  std::uint8_t value = 64;
  friend auto operator<=>(Ttl, Ttl) = default;
};

// Differentiated services code point, 0 to 63 (RFC 2474); `traffic_class` is the octet on the wire with ECN zero.
struct Dscp {
  std::uint8_t value = 0;
  [[nodiscard]] constexpr std::uint8_t traffic_class() const { return static_cast<std::uint8_t>(value << 2); }
  friend auto operator<=>(Dscp, Dscp) = default;
};

// Bits per second.
struct BitRate {
  std::uint64_t value = 0;
  friend auto operator<=>(BitRate, BitRate) = default;
};

struct ByteCount {
  std::uint64_t value = 0;
  friend auto operator<=>(ByteCount, ByteCount) = default;
};

// Lost out of sent, 0 to 1.
struct LossRatio {
  double value = 0;
  friend auto operator<=>(LossRatio, LossRatio) = default;
};

enum class Family : std::uint8_t { kIpv4 = 4, kIpv6 = 6 };

}  // namespace gnomon
