#include "simulation/memory_store.h"

#include "schema/delay_columns.h"

namespace gnomon::simulation {

Status MemoryStore::apply(std::span<const store::AppliedBatch> batches, store::JournalPosition from,
                          store::JournalPosition up_to) {
  if (up_to <= position_) return {};
  if (from != position_) {
    return failure(ErrorCode::kConflict, "apply", "tables",
                   fmt::format("records {} to {} do not follow {}", from.records, up_to.records, position_.records));
  }
  const bool fails = disk_.is_off() || (failing_ > 0 && failing_-- > 0);
  const auto refuse = [] { return failure(ErrorCode::kExhausted, "apply", "tables", "the disk is full"); };
  if (fails && world_.chance(80)) return refuse();
  for (const store::AppliedBatch& batch : batches) {
    if (batch.record < from.records || batch.record >= up_to.records) {
      world_.violate("once", fmt::format("record {} was applied in a range without it", batch.record));
    }
    const std::size_t windows = batch.windows != nullptr ? batch.windows->size() : 0;
    if (windows > 0) {
      const WindowId first = batch.windows->row(0, batch.base).sent;
      const bool is_whole = batch.access.size() == 1 && batch.access[0].throughput == first;
      if (!is_whole) world_.violate("once", fmt::format("record {} came without its access result", batch.record));
    }
    for (std::size_t i = 0; i < windows; ++i) {
      const WindowId window = batch.windows->row(i, batch.base).sent;
      if (++windows_[window] > 1) world_.violate("once", fmt::format("window {} is in the tables twice", window));
    }
  }
  position_ = up_to;
  if (fails) return refuse();  // it was committed, and the word of it was lost
  return {};
}

void MemoryStore::clear() {
  windows_.clear();
  position_ = {};
}

}  // namespace gnomon::simulation
