#pragma once

// The spool's two files to the byte (docs/spec/spool.md). Pure functions; decoders allocate at most in proportion to
// their input. Numbers are little-endian; checksums are CRC-32C.
//
// SEQUENCE.batch, SEQUENCE as 16 hex digits:
//    0  8  "gnspool1"
//    8  4  checksum of all bytes from 12 on
//   12  4  length of the whole file
//   16  8  sequence            24  8  windows
//   32  8  first start, Unix ms  40  8  last end, Unix ms
//   48  4  n, how many dropped ranges the batch carries; then n times:
//          first 8, last 8, windows 8, first ms 8, last ms 8, length of reason 2, reason
//       …  SignedBatch (proto/gnomon/v1/batch.proto) to the end
//
// notes: two slots of kNotesSlotBytes, written in turn; the whole one with the greater generation counts.
//    0  8  "gnnotes1"
//    8  4  checksum of the `length` bytes from 16 on
//   12  4  length
//   16  8  generation          24  8  next sequence
//   32  4+4  numbers of pending and at-risk ranges; then the ranges as above

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "probe/delivery.h"
#include "schema/decode_error.h"

namespace gnomon::probe {

using schema::DecodeError;

inline constexpr std::size_t kNotesSlotBytes = 48UL * 1024;  // 128 ranges with the longest reasons fit
inline constexpr std::size_t kReasonLimit = 240;
inline constexpr std::size_t kNotesRangeLimit = 128;

// `signed_batch` follows as it is. `record.bytes` is taken from it.
std::string encode_spool_file(const BatchRecord& record, std::string_view signed_batch);

struct SpoolFile {
  BatchRecord record;
  std::span<const std::byte> signed_batch;  // borrowed from the input
};
tl::expected<SpoolFile, DecodeError> decode_spool_file(std::span<const std::byte> bytes) noexcept;

struct NotesSlot {
  std::uint64_t generation = 0;
  SpoolNotes notes;
};
// At most kNotesSlotBytes; ranges beyond kNotesRangeLimit and reasons beyond kReasonLimit are cut.
std::string encode_notes(const NotesSlot& slot);
tl::expected<NotesSlot, DecodeError> decode_notes(std::span<const std::byte> bytes) noexcept;

}  // namespace gnomon::probe
