// LiveState::load: the last hour, read from the store once at the start.

#include <algorithm>

#include "server/live_batch.h"
#include "server/live_state_impl.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

PathIdentity identity_of(const store::PathRecord& record) {
  PathIdentity one;
  one.id = record.id;
  one.probe = record.probe;
  one.source_site = record.source_site;
  one.plan_item = record.plan_item;
  one.method = record.method;
  one.target = record.target;
  one.target_site = record.target_site;
  one.family = record.family;
  one.address = record.address;
  one.access = record.access;
  one.interval_ms = record.interval_ms;
  one.payload_bytes = record.payload_bytes;
  one.dscp = record.dscp;
  one.port = record.port;
  return one;
}

// When something of wall time `at` would have arrived on the monotonic clock; never in the future.
MonotonicTime arrival(const Clock& clock, WallTime at) {
  return clock.now() - std::max(Nanoseconds{}, clock.wall() - at);
}

ProbeView view_of(const store::ProbeRecord& record) {
  ProbeView view;
  view.id = record.header.probe;
  view.name = record.header.probe_name;
  view.site = record.header.site;
  view.version = record.header.program_version;
  view.plan_revision = record.header.plan_revision;
  view.last_seen = record.header.received;
  view.sequence = record.header.sequence;
  view.dropped_windows = record.dropped_windows;
  view.vantage = parse_vantage(record.header.vantage);
  return view;
}

}  // namespace

Status LiveState::load(store::Store& store, const std::vector<Troubled>& troubled) {
  auto records = store.paths();
  if (!records) return tl::unexpected(records.error());
  auto probes = store.probes();
  if (!probes) return tl::unexpected(probes.error());
  const WallTime now = impl_->clock.wall();
  std::erase_if(*records, [&](const auto& record) { return now - record.last_seen > impl_->limits.forget_after; });
  if (records->size() > impl_->limits.paths) records->resize(impl_->limits.paths);

  // What was newest when the last server stopped, however long ago that is.
  WallTime newest{};
  store::GroupQuery by_minute;
  std::vector<PathId> ids;
  for (const store::PathRecord& record : *records) {
    newest = std::max(newest, record.last_seen);
    by_minute.paths.push_back({record.id, static_cast<std::uint32_t>(ids.size())});
    ids.push_back(record.id);
  }
  newest = newest + seconds(10);
  std::vector<store::GroupPoint> minute_points;
  std::vector<store::PathPoint> windows;
  std::vector<store::PathPoint> merged;
  if (!ids.empty()) {
    by_minute.range = {now - hours(1), now};
    by_minute.step = minutes(1);
    auto groups = store.groups(by_minute);
    if (!groups) return tl::unexpected(groups.error());
    minute_points = std::move(*groups);
    auto latest = store.latest({newest - minutes(1)});
    if (!latest) return tl::unexpected(latest.error());
    windows = std::move(*latest);
    auto sums = store.summaries({{}, {newest - minutes(1), newest}, store::kAllSketches});
    if (!sums) return tl::unexpected(sums.error());
    merged = std::move(*sums);
  }

  const std::lock_guard lock(impl_->mutex);
  for (const store::PathRecord& record : *records) {
    LivePath* path = impl_->find_or_add(identity_of(record));
    if (path != nullptr) path->load_last(record.last_seen, arrival(impl_->clock, record.last_seen));
  }
  for (const Troubled& trouble : troubled) {
    const auto path = impl_->paths.find(trouble.path);
    if (path != impl_->paths.end()) path->second.load_trouble(trouble.state, trouble.since);
  }
  std::ranges::sort(minute_points, {}, [](const auto& item) { return item.point.start; });
  for (const store::GroupPoint& item : minute_points) {
    const auto path = impl_->paths.find(ids[item.group]);
    if (path == impl_->paths.end()) continue;
    const auto minute = std::chrono::floor<minutes>(item.point.start.since_epoch).count();
    path->second.load_minute(minute, item.point.sent, item.point.lost, item.point.rtt.quantile(0.5));
  }
  for (std::size_t i = 0; i < windows.size();) {
    const PathId id = windows[i].path;
    std::vector<store::Point> own;
    for (; i < windows.size() && windows[i].path == id; ++i) own.push_back(windows[i].point);
    const auto path = impl_->paths.find(id);
    if (path == impl_->paths.end()) continue;
    const auto sum = std::ranges::lower_bound(merged, id, {}, [](const auto& item) { return item.path; });
    const bool has_sum = sum != merged.end() && sum->path == id;
    const WallTime end = own.back().start + own.back().span;
    path->second.load_windows(own, has_sum ? &sum->point : nullptr, arrival(impl_->clock, end));
  }
  for (const store::ProbeRecord& record : *probes) {
    if (impl_->probes.size() >= impl_->limits.probes) break;
    LiveProbe probe;
    probe.met = true;
    probe.view = view_of(record);
    // A probe that was there when the server stopped has half a minute to come back before it is called silent.
    const bool long_gone = now - record.header.received > hours(1);
    probe.silent = long_gone;
    probe.last_arrival = impl_->clock.now();
    probe.sick = probe.view.vantage && probe.view.vantage->sick;
    impl_->probes.emplace(record.header.probe, std::move(probe));
  }
  for (auto& [id, path] : impl_->paths) path.tick(impl_->clock.now());
  return {};
}

}  // namespace gnomon::server
