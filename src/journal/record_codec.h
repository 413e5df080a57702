#pragma once

// The payload of one journal record: a zstd frame of a gnomon.v1.JournalRecord (docs/spec/journal.md). The bytes of the
// SignedBatch are kept as they came. Pure functions, thread-safe; the decoder throws nothing and allocates at most what
// the largest batch takes.

#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "journal/ledger_entry.h"
#include "schema/decode_error.h"

namespace gnomon::journal {

struct Record {
  std::int64_t received_unix_ms = 0;
  std::string signed_batch;
};

std::string encode_record(std::int64_t received_unix_ms, std::span<const std::byte> signed_batch);
tl::expected<Record, schema::DecodeError> decode_record(std::span<const std::byte> payload) noexcept;

// Only what names the batch; the signature is not checked.
struct BatchName {
  ProbeId probe;
  std::uint64_t sequence = 0;
};
tl::expected<BatchName, schema::DecodeError> name_of(std::span<const std::byte> signed_batch) noexcept;

// The ledger's leaf of a record. `check_signature`: see schema::read_signed_batch.
tl::expected<LedgerEntry, schema::DecodeError> entry_of(std::uint64_t number, const Record& record,
                                                        bool check_signature) noexcept;

}  // namespace gnomon::journal
