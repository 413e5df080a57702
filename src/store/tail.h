#pragma once

// Windows that are applied and not yet in a table: about a hundred bytes each, in the order in which they came.
//
// A chunk is what one apply() brought. It is filled by one thread and does not change afterwards, so that readers share
// it. Built over the columns of the schema, like RowBlock.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "store/access.h"
#include "store/batch.h"
#include "store/row_block.h"

namespace gnomon::store {

class TailChunk {
 public:
  // A window and where it stands; in order of path, then start, then arrival once close() was called.
  struct Entry {
    std::int32_t path = 0;
    std::uint32_t offset = 0;
    std::int64_t start_ms = 0;
  };

  // Makes room for so many windows. Optional.
  void reserve(std::size_t windows);
  // The windows and tests of one batch; `places`: of the batch's paths in the dictionary. What starts outside
  // [first_ms, end_ms) is left out; returns how many.
  std::size_t add(const AppliedBatch& batch, std::span<const std::int32_t> places, std::int64_t first_ms,
                  std::int64_t end_ms);
  void close();

  [[nodiscard]] std::span<const Entry> entries() const { return entries_; }
  // Those of one path.
  [[nodiscard]] std::span<const Entry> entries_of(std::int32_t path) const;
  // Appends the window to `rows`, as raw tables hold it: means are not weighed.
  void read(const Entry& entry, RowBlock& rows) const;

  // Dropped ranges that came with the batches, and the journal records that named them.
  struct Dropped {
    std::uint64_t record = 0;
    DroppedRange range;
  };
  [[nodiscard]] const std::vector<Dropped>& dropped() const { return dropped_; }
  // Tests of access networks, in the order of the journal.
  [[nodiscard]] const std::vector<AccessRow>& access() const { return access_; }
  // Windows, and tests as so many windows as they take room.
  [[nodiscard]] std::size_t weight() const { return entries_.size() + 8 * access_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.capacity() + entries_.capacity() * sizeof(Entry); }
  [[nodiscard]] std::int64_t newest_ms() const { return newest_ms_; }

 private:
  std::size_t add_access(const AppliedBatch& batch, std::int64_t first_ms, std::int64_t end_ms);
  std::vector<Entry> entries_;
  std::vector<std::uint8_t> bytes_;
  std::vector<Dropped> dropped_;
  std::vector<AccessRow> access_;
  std::int64_t newest_ms_ = 0;
  std::vector<std::uint8_t> scratch_;  // of add()
};

using Tail = std::vector<std::shared_ptr<const TailChunk>>;

}  // namespace gnomon::store
