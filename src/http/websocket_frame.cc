#include "http/websocket_frame.h"

#include <algorithm>

namespace gnomon::http {

namespace {

constexpr std::uint64_t kOneByteMost = 125;
constexpr std::uint64_t kTwoBytesMost = 0xFFFF;

std::uint64_t read_number(std::span<const std::byte> bytes) {
  std::uint64_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | std::to_integer<std::uint64_t>(byte);
  return number;
}

bool is_known(std::uint8_t opcode) {
  return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

}  // namespace

tl::expected<std::optional<DecodedFrame>, FrameError> decode_frame_header(std::span<const std::byte> bytes) noexcept {
  const auto wrong = [](const char* reason, std::size_t offset) { return tl::unexpected(FrameError{reason, offset}); };
  if (bytes.empty()) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(bytes[0]);
  if ((first & 0x70) != 0) return wrong("a reserved bit is set", 0);
  if (!is_known(first & 0x0F)) return wrong("reserved opcode", 0);
  DecodedFrame frame;
  frame.header.fin = (first & 0x80) != 0;
  frame.header.opcode = static_cast<Opcode>(first & 0x0F);
  if (is_control(frame.header.opcode) && !frame.header.fin) return wrong("fragmented control frame", 0);
  if (bytes.size() < 2) return std::nullopt;
  const auto second = std::to_integer<std::uint8_t>(bytes[1]);
  const std::uint8_t short_length = second & 0x7F;
  if (is_control(frame.header.opcode) && short_length > kControlMost) return wrong("control frame too long", 1);
  const std::size_t extended = short_length == 127 ? 8 : short_length == 126 ? 2 : 0;
  frame.size = 2 + extended + ((second & 0x80) != 0 ? 4 : 0);
  if (bytes.size() < 2 + extended) return std::nullopt;
  frame.header.length = extended == 0 ? short_length : read_number(bytes.subspan(2, extended));
  if (extended == 2 && frame.header.length <= kOneByteMost) return wrong("length is not in its shortest form", 2);
  if (extended == 8 && frame.header.length <= kTwoBytesMost) return wrong("length is not in its shortest form", 2);
  if (frame.header.length >> 63 != 0) return wrong("length of 2^63 or more", 2);
  if (bytes.size() < frame.size) return std::nullopt;
  if ((second & 0x80) != 0) {
    frame.header.mask.emplace();
    std::ranges::copy(bytes.subspan(2 + extended, 4), frame.header.mask->begin());
  }
  return frame;
}

std::span<const std::byte> encode_frame_header(const FrameHeader& header,
                                               std::span<std::byte, kFrameHeaderMost> out) noexcept {
  out[0] = static_cast<std::byte>((header.fin ? 0x80 : 0) | static_cast<std::uint8_t>(header.opcode));
  const std::size_t extended = header.length <= kOneByteMost ? 0 : header.length <= kTwoBytesMost ? 2 : 8;
  const std::uint64_t short_length = extended == 0 ? header.length : extended == 2 ? 126 : 127;
  out[1] = static_cast<std::byte>((header.mask ? 0x80 : 0) | short_length);
  for (std::size_t i = 0; i < extended; ++i) {
    out[2 + i] = static_cast<std::byte>(header.length >> (8 * (extended - 1 - i)));
  }
  std::size_t size = 2 + extended;
  if (header.mask) {
    std::ranges::copy(*header.mask, out.begin() + static_cast<std::ptrdiff_t>(size));
    size += header.mask->size();
  }
  return out.first(size);
}

void apply_mask(const MaskingKey& key, std::span<std::byte> payload, std::size_t offset) noexcept {
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= key[(offset + i) % key.size()];
}

}  // namespace gnomon::http
