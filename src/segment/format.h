#pragma once

// Segment files to the byte (docs/spec/journal.md). Integers are little-endian.
//
//   header, 32 bytes      0  "GNOMSEG\n"
//                         8  u32 version (1)
//                        12  u32 zero
//                        16  u64 number of the first record
//                        24  u32 zero
//                        28  u32 CRC-32C of bytes 0 to 27
//   record                0  u32 length of the payload (bits 0 to 30); bit 31: first record of a group commit
//                         4  u32 CRC-32C of bytes 0 to 3 and the payload
//                         8  payload, 1 to 16 MiB
//
// A group is written only after the one before it is durable. So a bad record with the start of a later group behind it
// is damage; without one it is the torn tail of a group that nobody was told is stored.
//
// Pure functions; decoders throw nothing and allocate nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace gnomon::segment {

inline constexpr std::size_t kHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 8;
inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::uint32_t kMaximumRecordBytes = 16 << 20;
inline constexpr std::string_view kMagic = "GNOMSEG\n";

struct DecodeError {
  std::string_view reason;   // a string literal
  std::uint64_t offset = 0;  // byte in the span or file
};

std::array<std::byte, kHeaderBytes> encode_header(std::uint64_t base_record);
// The number of the first record.
tl::expected<std::uint64_t, DecodeError> decode_header(std::span<const std::byte> bytes) noexcept;

void encode_record(std::string& out, std::span<const std::byte> payload, bool starts_group);

struct RecordHeader {
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;
  bool starts_group = false;
};
// From at least kRecordHeaderBytes. Refuses a length of zero or above the maximum.
tl::expected<RecordHeader, DecodeError> decode_record_header(std::span<const std::byte> bytes) noexcept;

struct RecordView {
  std::span<const std::byte> payload;
  bool starts_group = false;
};
// The record at the start of `bytes`; what follows it is not looked at.
tl::expected<RecordView, DecodeError> decode_record(std::span<const std::byte> bytes) noexcept;

// "00000000000000000042.seg" and back; nothing for other names.
std::string segment_name(std::uint64_t base_record);
tl::expected<std::uint64_t, DecodeError> parse_segment_name(std::string_view name) noexcept;

}  // namespace gnomon::segment
