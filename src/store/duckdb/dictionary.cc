#include "store/duckdb/dictionary.h"

#include "schema/delay_columns.h"

namespace gnomon::store::duckdb {

void Dictionary::take_paths(const AppliedBatch& batch, std::vector<std::int32_t>& places) {
  const std::vector<PathFields> fields = batch.paths.read();
  places.clear();
  // When the batch brings a path first, its earliest window of it is when the path was first seen.
  std::vector<std::optional<std::uint32_t>> first;
  for (const PathFields& path : fields) {
    if (const auto known = paths_.find(path.id)) {
      places.push_back(*known);
      const bool is_changed = paths_.update(*known, path, batch.header.site);
      if (is_changed && static_cast<std::size_t>(*known) < paths_written_) changed_paths_.insert(*known);
      continue;
    }
    if (first.empty()) {
      first.resize(fields.size());
      const auto path_of = batch.windows != nullptr ? batch.windows->path() : std::span<const std::uint32_t>{};
      for (std::size_t i = 0; i < path_of.size(); ++i) {
        const std::uint32_t start_ms = batch.windows->start_ms()[i];
        auto& f = first[path_of[i]];
        f = f ? std::min(*f, start_ms) : start_ms;
      }
    }
    const auto after = std::chrono::milliseconds(first[places.size()].value_or(0));
    places.push_back(paths_.add(path, batch.header.probe, batch.header.site, batch.base + after));
  }
}

void Dictionary::take_header(const AppliedBatch& batch) {
  const auto [at, is_new] = probe_places_.try_emplace(batch.header.probe, probes_.size());
  if (is_new) probes_.push_back({batch.header, batch.header.received, 0, 0, 0});
  ProbeRecord& probe = probes_[at->second];
  if (batch.header.sequence > probe.header.sequence) probe.header = batch.header;
  ++probe.batches;
  if (batch.windows != nullptr) probe.windows += batch.windows->size();
  for (const DroppedRange& range : batch.dropped) probe.dropped_windows += range.windows;
  changed_probes_.insert(at->second);
}

std::span<const std::int32_t> Dictionary::take(const AppliedBatch& batch) {
  take_header(batch);
  KnownList& list = lists_[batch.header.probe];
  const crypto::Sha256Digest digest = batch.paths.digest();
  if (list.digest == digest && list.site == batch.header.site) return list.places;
  take_paths(batch, list.places);
  list.digest = digest;
  list.site = batch.header.site;
  return list.places;
}

void Dictionary::written() {
  paths_written_ = paths_.size();
  changed_paths_.clear();
  changed_probes_.clear();
}

}  // namespace gnomon::store::duckdb
