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

namespace {

// What is read of some paths: their last hour by minute, and the last minute before `newest`, window by window and as a
// whole.
struct Past {
  std::vector<store::GroupPoint> minutes;  // by path and time; `group` is the path's place in the chunk
  std::vector<store::PathPoint> windows;   // by path and time
  std::vector<store::PathPoint> merged;    // by path
};

Result<Past> read_past(store::Store& store, std::span<const PathId> ids, WallTime now, WallTime newest) {
  store::GroupQuery by_minute{{}, {now - hours(1), now}, minutes(1), store::kRtt, store::Numbers::kPackets};
  for (std::size_t i = 0; i < ids.size(); ++i) by_minute.paths.push_back({ids[i], static_cast<std::uint32_t>(i)});
  const std::vector<PathId> paths(ids.begin(), ids.end());
  auto groups = store.groups(by_minute);
  if (!groups) return tl::unexpected(groups.error());
  auto latest = store.latest({newest - minutes(1), paths});
  if (!latest) return tl::unexpected(latest.error());
  auto sums = store.summaries({paths, {newest - minutes(1), newest}, store::kAllSketches});
  if (!sums) return tl::unexpected(sums.error());
  return Past{std::move(*groups), std::move(*latest), std::move(*sums)};
}

LiveProbe probe_of(const store::ProbeRecord& record, const Clock& clock) {
  LiveProbe probe;
  probe.met = true;
  probe.view = view_of(record);
  // A probe that was there when the server stopped has half a minute to come back before it is called silent.
  probe.silent = clock.wall() - record.header.received > hours(1);
  probe.last_arrival = clock.now();
  probe.sick = probe.view.vantage && probe.view.vantage->sick;
  return probe;
}

}  // namespace

void LiveState::Impl::load(std::span<const PathId> ids, const std::vector<store::GroupPoint>& by_minute,
                           std::span<const store::PathPoint> windows, std::span<const store::PathPoint> merged) {
  const auto known = [this](PathId id) {
    const auto at = paths.find(id);
    return at == paths.end() ? nullptr : &at->second;
  };
  for (const store::GroupPoint& item : by_minute) {
    LivePath* const path = known(ids[item.group]);
    if (path == nullptr) continue;
    const auto minute = std::chrono::floor<minutes>(item.point.start.since_epoch).count();
    path->load_minute(minute, item.point.sent, item.point.lost, item.point.rtt.quantile(0.5));
  }
  for (std::size_t i = 0; i < windows.size();) {
    const PathId id = windows[i].path;
    std::vector<store::Point> own;
    for (; i < windows.size() && windows[i].path == id; ++i) own.push_back(windows[i].point);
    LivePath* const path = known(id);
    if (path == nullptr) continue;
    const auto sum = std::ranges::lower_bound(merged, id, {}, &store::PathPoint::path);
    const bool has_sum = sum != merged.end() && sum->path == id;
    const WallTime end = own.back().start + own.back().span;
    path->load_windows(own, has_sum ? &sum->point : nullptr, arrival(clock, end));
    sweep_after(path->last_arrival());
  }
}

Status LiveState::load(store::Store& store, const std::vector<Troubled>& troubled) {
  // An hour of many paths takes much memory as points: some at a time.
  constexpr std::size_t kAtOnce = 2'000;
  const WallTime now = impl_->clock.wall();
  const auto records = store.recent_paths(now - impl_->limits.forget_after, impl_->limits.paths);
  if (!records) return tl::unexpected(records.error());
  const auto probes = store.probes();
  if (!probes) return tl::unexpected(probes.error());

  // What was newest when the last server stopped, however long ago that is.
  WallTime newest{};
  std::vector<PathId> ids;
  for (const store::PathRecord& record : *records) {
    newest = std::max(newest, record.last_seen);
    ids.push_back(record.id);
  }
  {
    const std::lock_guard lock(impl_->mutex);
    for (const store::PathRecord& record : *records) {
      LivePath* path = impl_->find_or_add(identity_of(record));
      if (path == nullptr) continue;
      path->load_last(record.last_seen, arrival(impl_->clock, record.last_seen));
      impl_->sweep_after(path->last_arrival());
    }
    for (const Troubled& trouble : troubled) {
      const auto path = impl_->paths.find(trouble.path);
      if (path != impl_->paths.end()) path->second.load_trouble(trouble.state, trouble.since);
    }
  }
  for (std::span<const PathId> left(ids); !left.empty();) {
    const auto chunk = left.first(std::min(kAtOnce, left.size()));
    left = left.subspan(chunk.size());
    const auto past = read_past(store, chunk, now, newest + seconds(10));
    if (!past) return tl::unexpected(past.error());
    const std::lock_guard lock(impl_->mutex);
    impl_->load(chunk, past->minutes, past->windows, past->merged);
  }
  const std::lock_guard lock(impl_->mutex);
  for (const store::ProbeRecord& record : *probes) {
    if (impl_->probes.size() >= impl_->limits.probes) break;
    if (record.header.probe == impl_->no_probe) continue;
    const auto probe = impl_->probes.emplace(record.header.probe, probe_of(record, impl_->clock));
    impl_->sweep_after(probe.first->second.last_arrival);
  }
  for (auto& [id, path] : impl_->paths) path.tick(impl_->clock.now());
  return {};
}

}  // namespace gnomon::server
