#pragma once

// Which batches are stored: for each probe a set of intervals of sequence numbers, so that order does not matter, gaps
// cost little, and a healthy probe takes one interval. Not thread-safe; a plain value.

#include <cstdint>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>

#include "core/ids.h"
#include "schema/decode_error.h"
#include "segment/log.h"

namespace gnomon::journal {

class SequenceIndex {
 public:
  [[nodiscard]] bool contains(const ProbeId& probe, std::uint64_t sequence) const;
  // False when it was there already.
  bool insert(const ProbeId& probe, std::uint64_t sequence);
  // Stored sequences of a probe, from first to last of each interval, in order.
  [[nodiscard]] std::map<std::uint64_t, std::uint64_t> intervals(const ProbeId& probe) const;
  // The highest stored sequence; 0 when there is none.
  [[nodiscard]] std::uint64_t highest(const ProbeId& probe) const;
  [[nodiscard]] std::size_t probes() const { return probes_.size(); }

  // The index file (docs/spec/journal.md): the index of all records before `position`.
  [[nodiscard]] std::string encode(const segment::LogPosition& position) const;
  struct Decoded;
  static tl::expected<Decoded, schema::DecodeError> decode(std::span<const std::byte> bytes) noexcept;

 private:
  std::unordered_map<ProbeId, std::map<std::uint64_t, std::uint64_t>> probes_;  // first → last, disjoint, not adjacent
};

struct SequenceIndex::Decoded {
  SequenceIndex index;
  segment::LogPosition position;
};

}  // namespace gnomon::journal
