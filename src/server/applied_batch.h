#pragma once

// From a journal entry to what the store takes. Owns everything that the AppliedBatch borrows; movable.

#include <memory>
#include <tl/expected.hpp>

#include "journal/journal.h"
#include "schema/batch_codec.h"
#include "store/batch.h"

namespace gnomon::server {

class ReadBatch {
 public:
  // The signature is not checked again: the entry comes from this observatory's own journal.
  static tl::expected<ReadBatch, schema::DecodeError> read(const journal::JournalEntry& entry);

  // Borrows from this object.
  [[nodiscard]] store::AppliedBatch applied() const;
  [[nodiscard]] std::size_t windows() const { return batch_.columns().size(); }

 private:
  ReadBatch(schema::VerifiedBatch batch, std::uint64_t record, WallTime received)
      : batch_(std::move(batch)), record_(record), received_(received) {}
  schema::VerifiedBatch batch_;
  std::uint64_t record_;
  WallTime received_;
};

}  // namespace gnomon::server
