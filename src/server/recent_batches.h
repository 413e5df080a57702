#pragma once

// Batches that have just become durable, taken apart already, for whoever follows the journal: it need not read again
// from disk what is still in memory.
//
// Bounded: when it is full, later batches are left for the journal until there is room. Thread-safe.

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "server/batch_intake.h"

namespace gnomon::server {

class RecentBatches final : public BatchObserver {
 public:
  explicit RecentBatches(std::size_t most_bytes = 48UL << 20) : most_bytes_(most_bytes) {}

  void on_durable(const DurableBatch& durable) override;
  // The batch of a record, if it is here; it and all before it are let go. Records are asked for in rising order.
  std::optional<DurableBatch> take(std::uint64_t record);

 private:
  void drop_first();

  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::deque<DurableBatch> batches_;  // by record
  std::size_t bytes_ = 0;
};

}  // namespace gnomon::server
