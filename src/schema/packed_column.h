#pragma once

// Packed repeated integers of Protocol Buffers (protobuf.dev/programming-guides/encoding#packed), a whole column at
// once: the inner loop of everything that reads batches. Values wider than their type are cut to it, as protobuf does.
//
// Pure functions that throw nothing and allocate nothing.

#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon::schema {

// How many varints end in these bytes; right for well-formed columns, and never more than there are bytes.
std::size_t count_varints(std::span<const std::byte> packed) noexcept;

// False when the bytes do not hold exactly out.size() varints of at most ten bytes.
bool read_packed(std::span<const std::byte> packed, std::span<std::uint32_t> out) noexcept;
bool read_packed(std::span<const std::byte> packed, std::span<std::int32_t> out) noexcept;  // enumerations
// sint32 and sint64.
bool read_packed_zigzag(std::span<const std::byte> packed, std::span<std::int32_t> out) noexcept;
bool read_packed_zigzag(std::span<const std::byte> packed, std::span<std::int64_t> out) noexcept;

}  // namespace gnomon::schema
