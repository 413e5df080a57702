#pragma once

// The proof that one entry stands in the log, as a text that is checked offline (C2SP tlog-proof): the entry's index,
// the hashes of its inclusion (RFC 6962 §2.1.1) and the checkpoint that they lead to. `extra` holds our 96 bytes of the
// entry (ledger_entry.h), since the log's entry is not the batch itself; nothing rests on it but what its hash proves.
//
//   c2sp.org/tlog-proof@v1
//   extra <Base64>                 may be absent
//   index <decimal>
//   <Base64 of 32 bytes>           as often as the tree is high
//   (empty line)
//   <the checkpoint, a signed note>
//
// Pure functions; the decoder throws nothing and allocates at most in proportion to its input.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "journal/merkle.h"
#include "schema/decode_error.h"

namespace gnomon::journal {

inline constexpr std::size_t kMaximumProofHashes = 64;  // a tree of 2^64 leaves

struct TlogProof {
  std::string extra;
  std::uint64_t index = 0;
  std::vector<Digest> hashes;
  std::string checkpoint;  // with its signatures
  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

std::string encode(const TlogProof& proof);
// The error's offset is the byte of the line at fault. The checkpoint is not looked into.
tl::expected<TlogProof, schema::DecodeError> decode_tlog_proof(std::string_view text) noexcept;

}  // namespace gnomon::journal
