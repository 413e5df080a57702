#pragma once

// CRC-32C (Castagnoli polynomial 0x1EDC6F41, RFC 3720 §12.1), by the processor's own instruction where it has one.
// Pure functions.

#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon::segment {

// `seed`: the result for the bytes before, so that crc32c(b, crc32c(a)) is that of a and b joined.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0) noexcept;

// The table-driven form, for processors without the instruction and to hold the other against.
std::uint32_t crc32c_portable(std::span<const std::byte> bytes, std::uint32_t seed = 0) noexcept;

}  // namespace gnomon::segment
