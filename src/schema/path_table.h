#pragma once

// The paths of a batch (Batch.paths), kept as they came and taken apart only when somebody asks: a probe sends the same
// table with every batch, so that its digest is what is usually needed.
//
// Immutable; many threads may read it.

#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.h"
#include "crypto/sha256.h"

namespace gnomon::schema {

// The fields of gnomon.v1.Path and the path's identity.
struct PathFields {
  PathId id;
  std::string plan_item;
  std::string method;
  std::string target;
  std::string target_site;
  int family = 0;  // 4 or 6
  std::string address;
  std::uint32_t interval_ms = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t dscp = 0;
  std::string access;
  std::uint32_t port = 0;
  friend bool operator==(const PathFields&, const PathFields&) = default;
};

class PathTable {
 public:
  // Paths of this probe, none yet.
  explicit PathTable(const ProbeId& probe = {}) : probe_(probe) {}
  // False when the bytes are no gnomon.v1.Path.
  bool add(std::span<const std::byte> path);

  [[nodiscard]] std::size_t size() const { return end_.size(); }
  // Of the probe and every path, in order. Tables of equal digests are equal.
  [[nodiscard]] crypto::Sha256Digest digest() const;
  [[nodiscard]] PathFields path(std::size_t i) const;
  [[nodiscard]] std::vector<PathFields> all() const;
  [[nodiscard]] std::size_t memory_bytes() const { return bytes_.capacity() + end_.capacity() * sizeof(end_[0]); }

 private:
  ProbeId probe_;
  std::string bytes_;  // serialised gnomon.v1.Path, one behind the other
  std::vector<std::uint32_t> end_;
};

}  // namespace gnomon::schema
