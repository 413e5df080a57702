#pragma once

// The first bytes of every connection to a capacity server (docs/spec/capacity.md): what it is for, and to which test
// it belongs. 32 bytes, big-endian:
//
//    0               1               2               3
//   +---------------+---------------+---------------+---------------+
//   |  'G'             'n'             's'             'p'          |
//   +---------------+---------------+---------------+---------------+
//   |  version 1    |  kind         |  stream                       |
//   +---------------+---------------+---------------+---------------+
//   |  token, 16 bytes: of the test; zeros for kind control         |
//   |  zeros, 8 bytes                                               |
//   +---------------+---------------+---------------+---------------+
//
// Pure functions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "wire/decode_error.h"

namespace gnomon::methods::capacity {

using Token = std::array<std::byte, 16>;

struct Hello {
  enum class Kind : std::uint8_t { kControl = 1, kStream = 2 };
  Kind kind = Kind::kControl;
  std::uint16_t stream = 0;  // from 0
  Token token{};
  friend bool operator==(const Hello&, const Hello&) = default;
};

inline constexpr std::size_t kHelloBytes = 32;

std::array<std::byte, kHelloBytes> encode(const Hello& hello) noexcept;
tl::expected<Hello, wire::DecodeError> decode_hello(std::span<const std::byte> bytes) noexcept;

}  // namespace gnomon::methods::capacity
