#include "server/applied_batch.h"

#include "server/live_batch.h"

namespace gnomon::server {

namespace {

WallTime unix_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds(ms)};
}

}  // namespace

tl::expected<ReadBatch, schema::DecodeError> ReadBatch::read(const journal::JournalEntry& entry) {
  auto batch = schema::read_journalled_batch(std::as_bytes(std::span(entry.signed_batch)));
  if (!batch) return tl::unexpected(batch.error());
  return ReadBatch(DurableBatch{std::make_shared<const schema::VerifiedBatch>(std::move(*batch)), entry.record,
                                unix_ms(entry.received_unix_ms)});
}

store::AppliedBatch ReadBatch::applied() const {
  const schema::BatchContent& from = batch_->content();
  store::AppliedBatch to;
  to.record = record_;
  to.header = {.probe = batch_->head().probe,
               .sequence = batch_->head().sequence,
               .created = unix_ms(from.created_unix_ms),
               .received = received_,
               .program_version = from.program_version,
               .probe_name = from.probe_name,
               .site = from.site,
               .plan_revision = from.plan_revision,
               .vantage = from.vantage};
  to.base = batch_->base();
  to.paths = store::PathList(from.paths);
  to.windows = &batch_->columns();
  to.access = from.access;
  to.dropped = dropped_ranges(from, to.header.probe);
  return to;
}

}  // namespace gnomon::server
