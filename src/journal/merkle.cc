#include "journal/merkle.h"

#include <array>
#include <bit>

namespace gnomon::journal {

namespace {

// The largest power of two below n, n ≥ 2.
std::uint64_t split_point(std::uint64_t n) {
  return std::bit_floor(n - 1);
}

class ProofMaker {
 public:
  explicit ProofMaker(const NodeSource& nodes) : nodes_(nodes) {}

  // MTH(D[begin:end]); begin is a multiple of the largest power of two not above end − begin.
  Result<Digest> subtree(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t size = end - begin;
    if (std::has_single_bit(size)) return nodes_(static_cast<unsigned>(std::countr_zero(size)), begin / size);
    const std::uint64_t middle = begin + split_point(size);
    const auto left = subtree(begin, middle);
    if (!left) return left;
    const auto right = subtree(middle, end);
    if (!right) return right;
    return node_hash(*left, *right);
  }

  // PATH(index − begin, D[begin:end]), RFC 9162 §2.1.3.1.
  Status path(std::uint64_t index, std::uint64_t begin, std::uint64_t end, std::vector<Digest>& proof) {
    if (end - begin == 1) return {};
    const std::uint64_t middle = begin + split_point(end - begin);
    const bool is_left = index < middle;
    if (auto inner = is_left ? path(index, begin, middle, proof) : path(index, middle, end, proof); !inner)
      return inner;
    return push(is_left ? subtree(middle, end) : subtree(begin, middle), proof);
  }

  // SUBPROOF(from − begin, D[begin:end], whole), RFC 9162 §2.1.4.1.
  Status subproof(std::uint64_t from, std::uint64_t begin, std::uint64_t end, bool whole, std::vector<Digest>& proof) {
    if (from == end) return whole ? Status{} : push(subtree(begin, end), proof);
    const std::uint64_t middle = begin + split_point(end - begin);
    if (from <= middle) {
      if (auto inner = subproof(from, begin, middle, whole, proof); !inner) return inner;
      return push(subtree(middle, end), proof);
    }
    if (auto inner = subproof(from, middle, end, false, proof); !inner) return inner;
    return push(subtree(begin, middle), proof);
  }

 private:
  static Status push(const Result<Digest>& digest, std::vector<Digest>& proof) {
    if (!digest) return tl::unexpected(digest.error());
    proof.push_back(*digest);
    return {};
  }
  const NodeSource& nodes_;
};

}  // namespace

Digest leaf_hash(std::span<const std::byte> entry) {
  thread_local crypto::Sha256 hash;
  constexpr std::array kPrefix{std::byte{0}};
  return hash.update(kPrefix).update(entry).finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::byte, 65> message;
  message[0] = std::byte{1};
  std::copy(left.begin(), left.end(), message.begin() + 1);
  std::copy(right.begin(), right.end(), message.begin() + 33);
  return crypto::sha256(message);
}

Digest empty_root() {
  return crypto::sha256(std::span<const std::byte>());
}

Digest root_of(std::span<const Digest> hashes) {
  if (hashes.size() == 1) return hashes[0];
  const std::size_t middle = split_point(hashes.size());
  return node_hash(root_of(hashes.first(middle)), root_of(hashes.subspan(middle)));
}

Result<Digest> tree_root(const NodeSource& nodes, std::uint64_t size) {
  return size == 0 ? Result<Digest>(empty_root()) : ProofMaker(nodes).subtree(0, size);
}

Result<std::vector<Digest>> inclusion_proof(const NodeSource& nodes, std::uint64_t index, std::uint64_t size) {
  if (index >= size) {
    return failure(ErrorCode::kInvalidArgument, "prove inclusion", "", "the tree has no such leaf");
  }
  std::vector<Digest> proof;
  if (auto made = ProofMaker(nodes).path(index, 0, size, proof); !made) return tl::unexpected(made.error());
  return proof;
}

Result<std::vector<Digest>> consistency_proof(const NodeSource& nodes, std::uint64_t from, std::uint64_t to) {
  if (from == 0 || from > to) {
    return failure(ErrorCode::kInvalidArgument, "prove consistency", "", "sizes must be 0 < from ≤ to");
  }
  std::vector<Digest> proof;
  if (from == to) return proof;
  if (auto made = ProofMaker(nodes).subproof(from, 0, to, true, proof); !made) return tl::unexpected(made.error());
  return proof;
}

bool verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t size, std::span<const Digest> proof,
                      const Digest& root) noexcept {
  if (index >= size) return false;
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t from, std::uint64_t to, std::span<const Digest> proof, const Digest& root_from,
                        const Digest& root_to) noexcept {
  if (from == 0 || from > to) return false;
  if (from == to) return proof.empty() && root_from == root_to;
  if (proof.empty()) return false;
  std::uint64_t node = from - 1;
  std::uint64_t last = to - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  // A `from` that is a power of two is a node of the proof itself, which leaves it out.
  const bool starts_at_root = std::has_single_bit(from);
  Digest hash_from = starts_at_root ? root_from : proof[0];
  Digest hash_to = hash_from;
  for (const Digest& sibling : starts_at_root ? proof : proof.subspan(1)) {
    if (last == 0) return false;
    if ((node & 1) != 0 || node == last) {
      hash_from = node_hash(sibling, hash_from);
      hash_to = node_hash(sibling, hash_to);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash_to = node_hash(hash_to, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  return last == 0 && hash_from == root_from && hash_to == root_to;
}

}  // namespace gnomon::journal
