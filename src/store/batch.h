#pragma once

// What the store is fed: a batch as it stands in the journal, taken apart as far as the store needs. Plain values.

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "core/ids.h"
#include "schema/access_result.h"
#include "schema/path_table.h"

namespace gnomon::schema {
class DelayColumns;
}

namespace gnomon::store {

// How far the journal is applied: the number of its records in the tables, which is the index of the next one.
struct JournalPosition {
  std::uint64_t records = 0;
  friend auto operator<=>(JournalPosition, JournalPosition) = default;
};

using schema::PathFields;

// The paths of a batch in the order of Batch.paths, taken apart only for a store that does not know them yet: a probe
// sends the same table with every batch.
class PathList {
 public:
  PathList() = default;
  PathList(std::vector<PathFields> paths) : source_(std::move(paths)) {}
  // Borrows the table, which outlives it.
  explicit PathList(const schema::PathTable& table) : source_(&table) {}

  [[nodiscard]] std::size_t size() const;
  // Equal for lists of equal paths.
  [[nodiscard]] crypto::Sha256Digest digest() const;
  [[nodiscard]] std::vector<PathFields> read() const;

 private:
  std::variant<std::vector<PathFields>, const schema::PathTable*> source_;
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
  WallTime base;  // Batch.base_unix_ms
  PathList paths;
  const schema::DelayColumns* windows = nullptr;  // outlives the call; null: the batch has none
  std::vector<DroppedRange> dropped;
  std::span<const schema::AccessResult> access;  // outlive the call
};

}  // namespace gnomon::store
