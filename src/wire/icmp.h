#pragma once

// ICMP for IPv4 (RFC 792) and IPv6 (RFC 4443): echo messages and errors with the packet they quote. Both families share
// the layout; only the numbers differ. Pure functions.
//
// Echo and echo reply                       Error
//  0  type | code | checksum                 0  type | code | checksum
//  4  identifier | sequence number           4  unused, length, pointer or MTU
//  8  payload …                              8  the packet that met the error, from its IP header on …

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/units.h"
#include "wire/decode_error.h"
#include "wire/ip.h"

namespace gnomon::wire {

inline constexpr std::size_t kIcmpHeaderSize = 8;

// RFC 792 and RFC 4443 numbers.
inline constexpr std::uint8_t kIcmp4EchoReply = 0;
inline constexpr std::uint8_t kIcmp4Unreachable = 3;
inline constexpr std::uint8_t kIcmp4Echo = 8;
inline constexpr std::uint8_t kIcmp4TimeExceeded = 11;
inline constexpr std::uint8_t kIcmp4ParameterProblem = 12;
inline constexpr std::uint8_t kIcmp6Unreachable = 1;
inline constexpr std::uint8_t kIcmp6PacketTooBig = 2;
inline constexpr std::uint8_t kIcmp6TimeExceeded = 3;
inline constexpr std::uint8_t kIcmp6ParameterProblem = 4;
inline constexpr std::uint8_t kIcmp6Echo = 128;
inline constexpr std::uint8_t kIcmp6EchoReply = 129;

struct IcmpEcho {
  bool reply = false;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::span<const std::byte> payload;  // into the decoded bytes
};

// An echo request or reply. The checksum is not looked at: the kernel has checked it before a socket sees the message.
Decoded<IcmpEcho> decode_icmp_echo(Family family, std::span<const std::byte> message) noexcept;

// Writes an echo request and its checksum over `message`, whose bytes from 8 on are the payload and stay. For IPv6 the
// checksum is left zero: it covers a pseudo-header that only the kernel knows (RFC 3542 §3.1 makes it fill it in).
void encode_icmp_echo_request(Family family, std::uint16_t identifier, std::uint16_t sequence,
                              std::span<std::byte> message) noexcept;

struct IcmpError {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  IpHeader quoted;                       // the header of the packet that met the error
  std::span<const std::byte> transport;  // what was quoted after it, possibly cut short
};

// An error that says that a packet did not arrive: unreachable, too big, time exceeded, parameter problem. Others are
// refused ("not an error message").
Decoded<IcmpError> decode_icmp_error(Family family, std::span<const std::byte> message) noexcept;

bool is_icmp_error(Family family, std::uint8_t type) noexcept;

// Words for a user: "host unreachable", "time exceeded in transit".
std::string_view icmp_error_text(Family family, std::uint8_t type, std::uint8_t code) noexcept;

}  // namespace gnomon::wire
