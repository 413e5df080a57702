#include "server/applied_batch.h"

#include "gnomon/v1/batch.pb.h"
#include "schema/path_id.h"
#include "server/live_batch.h"

namespace gnomon::server {

namespace {

WallTime unix_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds(ms)};
}

store::PathFields fields_of(const v1::Path& path, const ProbeId& probe) {
  store::PathFields fields;
  fields.id = schema::path_id(probe, path);
  fields.plan_item = path.plan_item();
  fields.method = path.method();
  fields.target = path.target();
  fields.target_site = path.target_site();
  fields.family = static_cast<int>(path.family());
  fields.address = path.address();
  fields.interval_ms = path.interval_ms();
  fields.payload_bytes = path.payload_bytes();
  fields.dscp = path.dscp();
  fields.access = path.access();
  fields.port = path.port();
  return fields;
}

}  // namespace

tl::expected<ReadBatch, schema::DecodeError> ReadBatch::read(const journal::JournalEntry& entry) {
  auto batch = schema::read_signed_batch(std::as_bytes(std::span(entry.signed_batch)), false);
  if (!batch) return tl::unexpected(batch.error());
  return ReadBatch(std::move(*batch), entry.record, unix_ms(entry.received_unix_ms));
}

store::AppliedBatch ReadBatch::applied() const {
  const v1::Batch& from = batch_.batch();
  store::AppliedBatch to;
  to.record = record_;
  to.header = {.probe = batch_.head().probe,
               .sequence = batch_.head().sequence,
               .created = unix_ms(from.created_unix_ms()),
               .received = received_,
               .program_version = from.program_version(),
               .probe_name = from.probe_name(),
               .site = from.site(),
               .plan_revision = from.plan_revision(),
               .vantage = from.vantage().SerializeAsString()};
  to.base = batch_.base();
  for (const v1::Path& path : from.paths()) to.paths.push_back(fields_of(path, to.header.probe));
  to.windows = &batch_.columns();
  to.dropped = dropped_ranges(from, to.header.probe);
  return to;
}

}  // namespace gnomon::server
