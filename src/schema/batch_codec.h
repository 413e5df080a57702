#pragma once

// Signed batches: making, checking, and finding them in an ingest request without copying (docs/spec/batch.md).
//
// The signature is Ed25519 over kBatchDomain followed by the bytes of the Batch, so that fields of a newer probe stay
// as they came. Decoders are pure, throw nothing, and allocate at most in proportion to their input. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "core/ids.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "schema/access_result.h"
#include "schema/decode_error.h"
#include "schema/delay_columns.h"
#include "schema/path_table.h"

namespace gnomon::v1 {
class Batch;
}

namespace gnomon::schema {

inline constexpr std::string_view kBatchDomain = "gnomon batch v1\n";
inline constexpr std::size_t kMaximumBatchBytes = 8 << 20;

// What the signature covers, for the bytes of a Batch.
std::string signed_message(std::span<const std::byte> batch);

// Batch → bytes of a SignedBatch. The caller has set probe_id to that of the key.
std::string sign_batch(const v1::Batch& batch, const crypto::PrivateKey& key);

// The three fields of a SignedBatch, borrowed from its bytes. Unknown fields are skipped.
struct SignedParts {
  std::span<const std::byte> batch;
  std::span<const std::byte> public_key;  // 32 bytes
  std::span<const std::byte> signature;   // 64 bytes
};
// The error's offset is the byte.
tl::expected<SignedParts, DecodeError> split_signed_batch(std::span<const std::byte> bytes) noexcept;

// IngestRequest → the bytes of each SignedBatch, borrowed, in order. The error's offset is the byte.
tl::expected<std::vector<std::span<const std::byte>>, DecodeError> split_ingest_request(
    std::span<const std::byte> body) noexcept;

// What the journal, the ledger and the collector must know of a batch without its columns.
struct BatchHead {
  ProbeId probe;
  std::uint64_t sequence = 0;
  std::uint32_t windows = 0;
  // The first start and the last end of its windows, Unix ms; both its creation time when it has none. Other results do
  // not count: the ledger's leaves are then the same for programs that know them and for those that do not.
  std::int64_t first_unix_ms = 0;
  std::int64_t last_unix_ms = 0;
};

// A range of batches that the probe's spool had to drop.
struct Dropped {
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t windows = 0;
  std::int64_t first_unix_ms = 0;
  std::int64_t last_unix_ms = 0;
  std::string reason;
};

// What a Batch says beside its columns.
struct BatchContent {
  std::int64_t base_unix_ms = 0;
  std::int64_t created_unix_ms = 0;
  std::string program_version;
  std::string probe_name;
  std::string site;
  std::string plan_revision;
  std::string vantage;  // gnomon.v1.VantageHealth, serialised; empty when nothing was said
  PathTable paths;
  std::vector<Dropped> dropped;
  std::vector<AccessResult> access;  // at most kMaximumAccessResults
};

// A SignedBatch whose signature, identity and columns were found right. Owns what it tells; movable.
class VerifiedBatch {
 public:
  [[nodiscard]] const BatchHead& head() const { return head_; }
  [[nodiscard]] const BatchContent& content() const { return content_; }
  [[nodiscard]] const DelayColumns& columns() const { return columns_; }
  [[nodiscard]] WallTime base() const { return WallTime{std::chrono::milliseconds(content_.base_unix_ms)}; }
  [[nodiscard]] const crypto::PublicKeyBytes& public_key() const { return public_key_; }
  // SHA-256 over the bytes of the SignedBatch as they came; zero when read_journalled_batch() left it out.
  [[nodiscard]] const crypto::Sha256Digest& digest() const { return digest_; }
  // What it holds on the heap.
  [[nodiscard]] std::size_t memory_bytes() const {
    return columns_.memory_bytes() + content_.paths.memory_bytes() +
           content_.access.capacity() * 2 * sizeof(AccessResult);
  }

 private:
  VerifiedBatch() = default;
  friend struct BatchReading;
  BatchContent content_;
  DelayColumns columns_;
  BatchHead head_;
  crypto::PublicKeyBytes public_key_{};
  crypto::Sha256Digest digest_{};
};

// Checks everything that can be checked without knowing which keys are enrolled: the signature, that probe_id is that
// of the key, sequence ≥ 1, the columns. `check_signature` = false only for bytes that this process verified before,
// such as those of its own journal. The error's offset is a byte of the SignedBatch, or for a wrong column the row.
tl::expected<VerifiedBatch, DecodeError> read_signed_batch(std::span<const std::byte> bytes,
                                                           bool check_signature = true) noexcept;
// The same for bytes of this process's own journal whose hash nobody asks for: neither signature nor digest.
tl::expected<VerifiedBatch, DecodeError> read_journalled_batch(std::span<const std::byte> bytes) noexcept;

}  // namespace gnomon::schema
