#pragma once

// WebSocket frame headers (RFC 6455 section 5.2): pure encode and decode, no payload.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-------+-+-------------+-------------------------------+
// |F|R|R|R| opcode|M| length 7    |  16 bits when 126,            |
// |I|S|S|S|  (4)  |A| 126 or 127: |  64 bits when 127             |
// |N|V|V|V|       |S| see right   |                               |
// +-+-+-+-+-------+-+-------------+-------------------------------+
// |  masking key (4 bytes) when MASK is set, then the payload     |
// +---------------------------------------------------------------+

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tl/expected.hpp>

namespace gnomon::http {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Section 7.4.1.
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // never sent: a Close frame without a body
  kInvalidPayload = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kInternal = 1011,
};

using MaskingKey = std::array<std::byte, 4>;
inline constexpr std::size_t kFrameHeaderMost = 14;  // bytes
inline constexpr std::size_t kControlMost = 125;     // payload bytes of a control frame (section 5.5)

struct FrameHeader {
  bool fin = true;
  Opcode opcode = Opcode::kBinary;
  std::uint64_t length = 0;  // of the payload, below 2^63
  std::optional<MaskingKey> mask;
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

constexpr bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

struct FrameError {
  const char* reason;  // static text
  std::size_t offset;  // into the header
};
struct DecodedFrame {
  FrameHeader header;
  std::size_t size = 0;  // of the header
};

// Nothing when more bytes are needed. Refuses reserved bits and opcodes, lengths not in their shortest form or of 2^63
// and more, and control frames that are fragmented or longer than kControlMost.
tl::expected<std::optional<DecodedFrame>, FrameError> decode_frame_header(std::span<const std::byte> bytes) noexcept;
// The bytes written into `out`.
std::span<const std::byte> encode_frame_header(const FrameHeader& header,
                                               std::span<std::byte, kFrameHeaderMost> out) noexcept;

// Masks or unmasks in place (section 5.3); `offset`: of the first byte in its payload.
void apply_mask(const MaskingKey& key, std::span<std::byte> payload, std::size_t offset = 0) noexcept;

}  // namespace gnomon::http
