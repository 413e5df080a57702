#include "probe/batch_maker.h"

#include <algorithm>

#include "core/version.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"

namespace gnomon::probe {
namespace {

std::int64_t unix_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.since_epoch).count();
}

void add_path(const PathLabel& label, v1::Path& path) {
  path.set_plan_item(label.item);
  path.set_method(label.method);
  path.set_target(label.target);
  path.set_target_site(label.target_site);
  path.set_family(label.family == Family::kIpv4 ? v1::ADDRESS_FAMILY_IPV4 : v1::ADDRESS_FAMILY_IPV6);
  path.set_address(label.address);
  path.set_interval_ms(label.interval_ms);
  path.set_payload_bytes(label.payload_bytes);
  path.set_dscp(label.dscp);
  path.set_access(label.access);
  path.set_port(label.port);
}

void add_rows(std::span<const Row> rows, WallTime base, v1::Batch& batch) {
  std::unordered_map<const PathLabel*, std::uint32_t> indices;
  for (const Row& row : rows) {
    const auto [index, added] = indices.try_emplace(row.label.get(), static_cast<std::uint32_t>(indices.size()));
    if (added) add_path(*row.label, *batch.add_paths());
    schema::append(*batch.mutable_delay(), index->second, base, row.window);
  }
}

void add_dropped(const std::vector<DroppedRange>& ranges, v1::Batch& batch) {
  for (const DroppedRange& range : ranges) {
    auto& dropped = *batch.add_dropped();
    dropped.set_first_sequence(range.first_sequence);
    dropped.set_last_sequence(range.last_sequence);
    dropped.set_windows(range.windows);
    dropped.set_first_unix_ms(range.first_unix_ms);
    dropped.set_last_unix_ms(range.last_unix_ms);
    dropped.set_reason(range.reason);
  }
}

}  // namespace

std::size_t rows_of_one_batch(std::span<Row> rows) {
  constexpr Nanoseconds kSpan = std::chrono::hours(24 * 20);  // 2³² ms are 49 days
  if (rows.empty()) return 0;
  const WallTime first = rows.front().window.start;
  const auto fits = [&](const Row& row) {
    const Nanoseconds apart = row.window.start - first;
    return apart < kSpan && apart > -kSpan;
  };
  return static_cast<std::size_t>(std::stable_partition(rows.begin(), rows.end(), fits) - rows.begin());
}

MadeBatch make_batch(const BatchHeader& header, std::uint64_t sequence, std::span<const Row> rows,
                     const std::vector<DroppedRange>& dropped, const v1::VantageHealth& vantage, WallTime created,
                     const crypto::PrivateKey& key, std::span<const schema::AccessResult> access) {
  MadeBatch made;
  std::int64_t first = rows.empty() ? unix_ms(created) : unix_ms(rows.front().window.start);
  std::int64_t last = first;
  for (const Row& row : rows) {
    first = std::min(first, unix_ms(row.window.start));
    last = std::max(last, unix_ms(row.window.start + row.window.duration));
  }
  v1::Batch batch;
  batch.set_probe_id(header.probe.bytes.data(), header.probe.bytes.size());
  batch.set_sequence(sequence);
  batch.set_base_unix_ms(first);
  batch.set_created_unix_ms(unix_ms(created));
  batch.set_program_version(std::string(version()));
  batch.set_probe_name(header.probe_name);
  batch.set_site(header.site);
  batch.set_plan_revision(header.plan_revision);
  *batch.mutable_vantage() = vantage;
  add_rows(rows, WallTime{std::chrono::milliseconds(first)}, batch);
  add_dropped(dropped, batch);
  for (const schema::AccessResult& result : access) schema::append(batch, result);
  made.signed_batch = schema::sign_batch(batch, key);
  made.record = {sequence, made.signed_batch.size(), rows.size(), first, last, dropped};
  return made;
}

}  // namespace gnomon::probe
