#pragma once

// The packets of one path that are under way, and those decided lately, by sequence number: a ring without allocation
// after building. Belongs to one thread.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "methods/delay_sample.h"

namespace gnomon::methods {

struct PacketRecord {
  enum class State : std::uint8_t { kUnderWay, kRefused, kAnswered, kLost };

  SendTimes send;
  std::uint64_t cookie = 0;  // comes back in the answer
  Nanoseconds rtt{};         // kAnswered
  std::uint32_t remote_sequence = 0;
  std::uint32_t window = 0;  // the number of its window
  State state = State::kUnderWay;
  bool has_remote = false;
  bool reordered_forward = false;
};

class PacketRing {
 public:
  // Holds at least `capacity` packets.
  explicit PacketRing(std::size_t capacity) : records_(std::bit_ceil(std::max<std::size_t>(capacity, 16))) {}

  // Takes the place of the oldest.
  PacketRecord& push() {
    auto& record = at(static_cast<std::uint32_t>(total_++));
    record = {};
    return record;
  }
  [[nodiscard]] std::uint32_t next() const { return static_cast<std::uint32_t>(total_); }
  [[nodiscard]] bool holds(std::uint32_t sequence) const {
    const std::uint32_t age = next() - sequence;  // 1 is the newest
    return age >= 1 && age <= std::min<std::uint64_t>(total_, records_.size());
  }
  PacketRecord& at(std::uint32_t sequence) { return records_[sequence & (records_.size() - 1)]; }
  [[nodiscard]] const PacketRecord& at(std::uint32_t sequence) const {
    return records_[sequence & (records_.size() - 1)];
  }

 private:
  std::vector<PacketRecord> records_;
  std::uint64_t total_ = 0;  // packets ever pushed; sequence numbers wrap, this does not
};

}  // namespace gnomon::methods
