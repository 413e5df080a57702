#include "methods/capacity/hello.h"

#include <algorithm>
#include <cstring>

#include "wire/byte_order.h"

namespace gnomon::methods::capacity {

namespace {

constexpr std::uint32_t kMagic = 0x476e7370;  // "Gnsp"
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kVersionAt = 4, kKindAt = 5, kStreamAt = 6, kTokenAt = 8, kZerosAt = 24;

}  // namespace

std::array<std::byte, kHelloBytes> encode(const Hello& hello) noexcept {
  std::array<std::byte, kHelloBytes> bytes{};
  wire::store<std::uint32_t>(bytes, 0, kMagic);
  wire::store<std::uint8_t>(bytes, kVersionAt, kVersion);
  wire::store<std::uint8_t>(bytes, kKindAt, static_cast<std::uint8_t>(hello.kind));
  wire::store<std::uint16_t>(bytes, kStreamAt, hello.stream);
  std::ranges::copy(hello.token, bytes.begin() + kTokenAt);
  return bytes;
}

wire::Decoded<Hello> decode_hello(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kHelloBytes) return wire::malformed("shorter than 32 bytes", bytes.size());
  if (wire::load<std::uint32_t>(bytes, 0) != kMagic) return wire::malformed("does not begin with Gnsp", 0);
  if (wire::load<std::uint8_t>(bytes, kVersionAt) != kVersion) return wire::malformed("version is not 1", kVersionAt);
  const auto kind = wire::load<std::uint8_t>(bytes, kKindAt);
  if (kind != static_cast<std::uint8_t>(Hello::Kind::kControl) &&
      kind != static_cast<std::uint8_t>(Hello::Kind::kStream)) {
    return wire::malformed("kind is neither control (1) nor stream (2)", kKindAt);
  }
  Hello hello;
  hello.kind = static_cast<Hello::Kind>(kind);
  hello.stream = wire::load<std::uint16_t>(bytes, kStreamAt);
  std::memcpy(hello.token.data(), bytes.data() + kTokenAt, hello.token.size());
  for (std::size_t i = kZerosAt; i < kHelloBytes; ++i) {
    if (bytes[i] != std::byte{0}) return wire::malformed("the last 8 bytes are not zero", i);
  }
  return hello;
}

}  // namespace gnomon::methods::capacity
