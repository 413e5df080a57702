#pragma once

// Numbers in network byte order. The caller has checked that the bytes are there.

#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon::wire {

template <typename Number>
constexpr Number load(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    value = static_cast<Number>(value << 8 | std::to_integer<Number>(bytes[offset + i]));
  }
  return value;
}

template <>
constexpr std::uint8_t load(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  return std::to_integer<std::uint8_t>(bytes[offset]);
}

template <typename Number>
constexpr void store(std::span<std::byte> bytes, std::size_t offset, Number value) noexcept {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes[offset + i] = static_cast<std::byte>(value & 0xff);
    value = static_cast<Number>(sizeof(Number) > 1 ? value >> 8 : 0);
  }
}

}  // namespace gnomon::wire
