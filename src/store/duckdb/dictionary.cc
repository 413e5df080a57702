#include "store/duckdb/dictionary.h"

#include "schema/delay_columns.h"
#include "store/duckdb/unix_ms.h"

namespace gnomon::store::duckdb {

std::optional<std::int32_t> Dictionary::find(PathId id) const {
  const auto at = path_places_.find(id);
  if (at == path_places_.end()) return std::nullopt;
  return at->second;
}

void Dictionary::see(std::int32_t path, std::int64_t start_ms) {
  PathRecord& record = paths_[static_cast<std::size_t>(path)];
  record.last_seen = std::max(record.last_seen, from_unix_ms(start_ms));
  newest_start_ms_ = std::max(newest_start_ms_, start_ms);
}

std::int32_t Dictionary::take_path(const AppliedBatch& batch, const PathFields& path, WallTime first_start) {
  const auto [at, is_new] = path_places_.try_emplace(path.id, static_cast<std::int32_t>(paths_.size()));
  if (is_new) {
    paths_.push_back({path, batch.header.probe, batch.header.site, first_start, WallTime{}});
    changed_paths_.insert(at->second);
    return at->second;
  }
  PathRecord& known = paths_[static_cast<std::size_t>(at->second)];
  if (static_cast<const PathFields&>(known) != path || known.source_site != batch.header.site) {
    static_cast<PathFields&>(known) = path;
    known.source_site = batch.header.site;
    changed_paths_.insert(at->second);
  }
  return at->second;
}

const std::vector<std::int32_t>& Dictionary::take(const AppliedBatch& batch) {
  take_probe(batch);
  KnownTable& known = tables_[batch.header.probe];
  const crypto::Sha256Digest digest = batch.paths.digest();
  if (known.digest == digest && known.site == batch.header.site) return known.places;
  // When the batch brings a path first, its earliest window of it is when the path was first seen.
  std::vector<std::optional<std::uint32_t>> first(batch.paths.size());
  if (batch.windows != nullptr) {
    const auto path = batch.windows->path();
    const auto start = batch.windows->start_ms();
    for (std::size_t i = 0; i < path.size(); ++i) {
      auto& f = first[path[i]];
      f = f ? std::min(*f, start[i]) : start[i];
    }
  }
  known = {digest, batch.header.site, {}};
  const std::vector<PathFields> paths = batch.paths.read();
  known.places.reserve(paths.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    known.places.push_back(take_path(batch, paths[i], batch.base + std::chrono::milliseconds(first[i].value_or(0))));
  }
  return known.places;
}

void Dictionary::take_probe(const AppliedBatch& batch) {
  const auto [at, is_new] = probe_places_.try_emplace(batch.header.probe, probes_.size());
  if (is_new) {
    probes_.push_back({batch.header, batch.header.received, 0, 0, 0});
  }
  ProbeRecord& probe = probes_[at->second];
  if (batch.header.sequence > probe.header.sequence) probe.header = batch.header;
  ++probe.batches;
  if (batch.windows != nullptr) probe.windows += batch.windows->size();
  for (const DroppedRange& range : batch.dropped) probe.dropped_windows += range.windows;
  changed_probes_.insert(at->second);
}

}  // namespace gnomon::store::duckdb
