#pragma once

// The Internet checksum: ones' complement of the ones' complement sum of 16-bit words (RFC 1071). Pure functions.

#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon::wire {

// To be stored in network order; the field itself must be zero, or absent from the bytes. Over bytes that hold a right
// checksum the result is 0.
std::uint16_t internet_checksum(std::span<const std::byte> bytes) noexcept;

}  // namespace gnomon::wire
