#pragma once

// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012): a keyed 64-bit hash for cookies in
// packets and for tables whose keys come from outside. About 20 ns for a short input. Pure function.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gnomon::crypto {

using SipHashKey = std::array<std::byte, 16>;

std::uint64_t siphash(const SipHashKey& key, std::span<const std::byte> message) noexcept;

}  // namespace gnomon::crypto
