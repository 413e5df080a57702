#pragma once

// From a journal entry, or the batch that became one, to what the store takes. Owns everything that the AppliedBatch
// borrows; movable.

#include <memory>
#include <tl/expected.hpp>

#include "journal/journal.h"
#include "schema/batch_codec.h"
#include "server/batch_intake.h"
#include "store/batch.h"

namespace gnomon::server {

class ReadBatch {
 public:
  // The signature is not checked again: the entry comes from this observatory's own journal.
  static tl::expected<ReadBatch, schema::DecodeError> read(const journal::JournalEntry& entry);
  explicit ReadBatch(const DurableBatch& durable)
      : batch_(durable.batch), record_(durable.record), received_(durable.received) {}

  // Borrows from this object.
  [[nodiscard]] store::AppliedBatch applied() const;
  // Its windows, and its access results as so many windows as they take room.
  [[nodiscard]] std::size_t weight() const { return batch_->columns().size() + 8 * batch_->content().access.size(); }
  [[nodiscard]] WallTime received() const { return received_; }
  [[nodiscard]] std::size_t bytes() const { return batch_->memory_bytes(); }

 private:
  std::shared_ptr<const schema::VerifiedBatch> batch_;
  std::uint64_t record_;
  WallTime received_;
};

}  // namespace gnomon::server
