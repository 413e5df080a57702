#pragma once

// What the store is fed: a batch as it stands in the journal, taken apart as far as the store needs. Plain values.

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/ids.h"

namespace gnomon::schema {
class DelayColumns;
}

namespace gnomon::store {

// How far the journal is applied: the number of its records in the tables, which is the index of the next one.
struct JournalPosition {
  std::uint64_t records = 0;
  friend auto operator<=>(JournalPosition, JournalPosition) = default;
};

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

// A range of batches that a probe's spool had to drop.
struct DroppedRange {
  ProbeId probe;
  std::uint64_t first_sequence = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t windows = 0;
  WallTime first;
  WallTime last;
  std::string reason;
  friend bool operator==(const DroppedRange&, const DroppedRange&) = default;
};

// The header of a batch: who sent it, in which state.
struct BatchHeader {
  ProbeId probe;
  std::uint64_t sequence = 0;
  WallTime created;
  WallTime received;
  std::string program_version;
  std::string probe_name;
  std::string site;
  std::string plan_revision;
  std::string vantage;  // gnomon.v1.VantageHealth, serialised
  friend bool operator==(const BatchHeader&, const BatchHeader&) = default;
};

struct AppliedBatch {
  std::uint64_t record = 0;  // the batch's index in the journal
  BatchHeader header;
  WallTime base;                                  // Batch.base_unix_ms
  std::vector<PathFields> paths;                  // in the order of Batch.paths
  const schema::DelayColumns* windows = nullptr;  // outlives the call; null: the batch has none
  std::vector<DroppedRange> dropped;
};

}  // namespace gnomon::store
