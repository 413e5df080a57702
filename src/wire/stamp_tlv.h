#pragma once

// Optional extensions of STAMP packets (RFC 8972 §4). Pure functions.
//
//  0  flags: U M I (3 bits), zero (5) | type | length of the value
//  4  value …
//
// U: the reflector does not know the type. M: it found the TLV malformed. I: its integrity check failed (needs a key,
// hence never set here). A sender sets U and clears M and I; a reflector answers by setting or clearing them.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/decode_error.h"

namespace gnomon::wire {

inline constexpr std::size_t kTlvHeaderSize = 4;
inline constexpr std::uint8_t kTlvUnrecognized = 0x80;
inline constexpr std::uint8_t kTlvMalformed = 0x40;
inline constexpr std::uint8_t kTlvIntegrityFailed = 0x20;
inline constexpr std::uint8_t kTlvExtraPadding = 1;  // RFC 8972 §4.1

struct StampTlv {
  std::uint8_t flags = 0;
  std::uint8_t type = 0;
  std::span<const std::byte> value;  // into the decoded bytes
};

// The TLV at the start of `bytes`; it takes kTlvHeaderSize + value.size() bytes.
Decoded<StampTlv> decode_stamp_tlv(std::span<const std::byte> bytes) noexcept;

// What a reflector does to the TLVs of a request (RFC 8972 §4): every flag octet is set in place as described above,
// types, lengths and values stay. After a malformed TLV the rest stays as it came. Bytes that are all zero are padding
// of a sender without TLVs and stay too.
struct TlvCounts {
  std::uint32_t known = 0;
  std::uint32_t unrecognized = 0;
  std::uint32_t malformed = 0;  // 0 or 1
};
TlvCounts mark_stamp_tlvs(std::span<std::byte> tlvs) noexcept;

// Fills `out` (4 to 65,539 bytes) with one Extra Padding TLV of zeros, flags as a sender sets them.
void encode_extra_padding(std::span<std::byte> out) noexcept;

}  // namespace gnomon::wire
