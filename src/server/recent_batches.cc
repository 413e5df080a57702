#include "server/recent_batches.h"

#include "schema/batch_codec.h"

namespace gnomon::server {

void RecentBatches::on_durable(const DurableBatch& durable) {
  const std::size_t bytes = durable.batch->memory_bytes();
  const std::lock_guard lock(mutex_);
  if (bytes_ + bytes > most_bytes_) return;
  bytes_ += bytes;
  batches_.push_back(durable);
}

std::optional<DurableBatch> RecentBatches::take(std::uint64_t record) {
  const std::lock_guard lock(mutex_);
  while (!batches_.empty() && batches_.front().record < record) drop_first();
  if (batches_.empty() || batches_.front().record != record) return std::nullopt;
  const DurableBatch found = batches_.front();
  drop_first();
  return found;
}

void RecentBatches::drop_first() {
  bytes_ -= batches_.front().batch->memory_bytes();
  batches_.pop_front();
}

}  // namespace gnomon::server
