#pragma once

// The Merkle tree of RFC 6962 §2.1 (SHA-256; leaf 0x00 ‖ entry, node 0x01 ‖ left ‖ right): hashes, proofs, and checking
// them. Pure functions, thread-safe; the verifiers allocate nothing.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/error.h"
#include "crypto/sha256.h"

namespace gnomon::journal {

using Digest = crypto::Sha256Digest;

Digest leaf_hash(std::span<const std::byte> entry);
Digest node_hash(const Digest& left, const Digest& right);
// The root of the tree without leaves.
Digest empty_root();
// The root over consecutive hashes, each the root of an equally high complete subtree. Not for none.
Digest root_of(std::span<const Digest> hashes);

// The root of the complete subtree of 2^height leaves that starts at leaf index · 2^height.
using NodeSource = std::function<Result<Digest>(unsigned height, std::uint64_t index)>;

// The root of the tree of the first `size` leaves.
Result<Digest> tree_root(const NodeSource& nodes, std::uint64_t size);
// kInvalidArgument unless index < size.
Result<std::vector<Digest>> inclusion_proof(const NodeSource& nodes, std::uint64_t index, std::uint64_t size);
// kInvalidArgument unless 0 < from ≤ to.
Result<std::vector<Digest>> consistency_proof(const NodeSource& nodes, std::uint64_t from, std::uint64_t to);

// RFC 9162 §2.1.3.2 and §2.1.4.2.
bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                      const Digest& root) noexcept;
bool verify_consistency(std::uint64_t from, std::uint64_t to, std::span<const Digest> proof, const Digest& root_from,
                        const Digest& root_to) noexcept;

}  // namespace gnomon::journal
