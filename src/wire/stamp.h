#pragma once

// STAMP unauthenticated test packets (RFC 8762 §4.2.1, §4.3.1; session identifier and TLVs RFC 8972 §3, §4) and the
// TWAMP-Light packets (RFC 5357 §4.1.2, §4.2.1) that share their layout. Pure functions.
//
// Sender                                            Reflector
//  0  sequence number                                0  sequence number
//  4  timestamp (8)                                  4  timestamp (8)
// 12  error estimate | SSID                         12  error estimate | SSID
// 16  zero (28)                                     16  receive timestamp (8)
// 44  TLVs …                                        24  sender's sequence number
//                                                   28  sender's timestamp (8)
// TWAMP-Light sender                                36  sender's error estimate | zero
//  0  as above                                      40  sender's TTL | zero (3)
// 14  padding …                                     44  TLVs …
//
// A TWAMP-Light reflector has zero where the SSID is and padding from 41 on. Some leave out the TTL and end at 38.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/units.h"
#include "wire/decode_error.h"

namespace gnomon::wire {

inline constexpr Port kStampPort{862};                  // RFC 8762 §4.1
inline constexpr std::size_t kStampBaseSize = 44;       // RFC 8762 §4.2.1
inline constexpr std::size_t kTwampSenderSize = 14;     // RFC 5357 §4.1.2
inline constexpr std::size_t kTwampReflectorSize = 41;  // RFC 5357 §4.2.1
inline constexpr std::size_t kLeastReflectedSize = 38;  // up to the sender's error estimate

// Timestamps and error estimates stay as they are on the wire (wire/ntp_time.h): a sender compares what comes back with
// what it sent, bit by bit.
struct StampSenderPacket {
  std::uint32_t sequence = 0;
  std::uint64_t timestamp = 0;
  std::uint16_t error_estimate = 0;
  std::uint16_t session_id = 0;
};

struct StampReflectorPacket {
  std::uint32_t sequence = 0;
  std::uint64_t timestamp = 0;  // when the reflector sent
  std::uint16_t error_estimate = 0;
  std::uint16_t session_id = 0;
  std::uint64_t receive_timestamp = 0;
  StampSenderPacket sender;       // session_id is not part of the copy: 0
  std::optional<Ttl> sender_ttl;  // as it arrived at the reflector; nothing when the packet ends before
};

enum class SenderDialect : std::uint8_t { kStamp, kTwampLight };

// What a packet from a sender is. TWAMP-Light when it is too short for STAMP, or when the 28 bytes that STAMP wants
// zero (RFC 8762 §4.2.1) are not: then they are padding, and so are the bytes of the SSID, which is read as 0.
struct ReceivedRequest {
  StampSenderPacket packet;
  SenderDialect dialect = SenderDialect::kStamp;
};
Decoded<ReceivedRequest> decode_stamp_request(std::span<const std::byte> payload) noexcept;

// From 38 bytes on (TWAMP-Light without a TTL).
Decoded<StampReflectorPacket> decode_stamp_reply(std::span<const std::byte> payload) noexcept;

// Writes the first 44 bytes (kStamp) or 14 bytes (kTwampLight); what follows is the caller's. The span must hold them.
void encode_stamp_request(const StampSenderPacket& packet, SenderDialect dialect, std::span<std::byte> out) noexcept;

// Turns a request into its answer in place: writes the first min(44, size) bytes, for TWAMP-Light min(41, size), and
// leaves the rest, so that an answer is never longer than its request. `payload` holds at least 14 bytes.
void encode_stamp_reply(const StampReflectorPacket& packet, SenderDialect dialect,
                        std::span<std::byte> payload) noexcept;

}  // namespace gnomon::wire
