#pragma once

// One leaf of the ledger: what is promised about one journalled batch. 96 bytes, integers big-endian:
//
//    0  "GNL1"
//    4  u64 record number = leaf index
//   12  16 bytes probe id
//   28  u64 sequence
//   36  i64 start of the first window, Unix ms
//   44  i64 end of the last window, Unix ms
//   52  i64 received, Unix ms
//   60  u32 windows
//   64  32 bytes SHA-256 of the SignedBatch
//
// Pure functions; the decoder throws nothing and allocates nothing.

#include <array>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "core/ids.h"
#include "journal/merkle.h"
#include "schema/decode_error.h"

namespace gnomon::journal {

inline constexpr std::size_t kEntryBytes = 96;

struct LedgerEntry {
  std::uint64_t record = 0;
  ProbeId probe;
  std::uint64_t sequence = 0;
  std::int64_t first_unix_ms = 0;
  std::int64_t last_unix_ms = 0;
  std::int64_t received_unix_ms = 0;
  std::uint32_t windows = 0;
  Digest batch_digest{};
  friend bool operator==(const LedgerEntry&, const LedgerEntry&) = default;
};

std::array<std::byte, kEntryBytes> encode_entry(const LedgerEntry& entry);
tl::expected<LedgerEntry, schema::DecodeError> decode_entry(std::span<const std::byte> bytes) noexcept;

// The entry at the start of a bundle (C2SP tlog-tiles: big-endian uint16 length, then the entry), borrowed; `bundle` is
// advanced past it.
tl::expected<std::span<const std::byte>, schema::DecodeError> take_bundled(std::span<const std::byte>& bundle) noexcept;

}  // namespace gnomon::journal
