#include "server/live_state.h"

#include <algorithm>

#include "schema/batch_codec.h"
#include "server/live_batch.h"
#include "server/live_state_impl.h"

namespace gnomon::server {

LiveState::LiveState(const Clock& clock, Limits limits) : impl_(std::make_unique<Impl>(clock, limits)) {}
LiveState::~LiveState() = default;

void LiveState::set_observer(LiveObserver* observer) {
  impl_->observer = observer;
}

void LiveState::set_no_probe(const ProbeId& identity) {
  impl_->no_probe = identity;
}

void LiveState::Impl::tell(const News& news) const {
  if (observer == nullptr) return;
  if (!news.paths.empty()) observer->paths_changed(news.paths);
  for (const ProbeTransition& probe : news.probes) observer->probe_changed(probe);
  for (const auto& [probe, range] : news.dropped) observer->windows_dropped(probe, range);
}

LivePath* LiveState::Impl::find_or_add(PathIdentity&& identity) {
  const PathId id = identity.id;
  if (const auto known = paths.find(id); known != paths.end()) {
    if (known->second.identity() != identity) {
      known->second.set_identity(std::make_shared<const PathIdentity>(std::move(identity)));
    }
    return &known->second;
  }
  if (paths.size() >= limits.paths) return nullptr;
  ++path_count[identity.probe];
  auto shared = std::make_shared<const PathIdentity>(std::move(identity));
  return &paths.emplace(id, LivePath(std::move(shared), clock.now())).first->second;
}

void LiveState::Impl::mark_changed(LivePath& path, bool is_urgent) {
  if (is_urgent && !path.queued_urgent) {
    path.queued_urgent = true;
    urgent.push_back(path.identity().id);
  } else if (!is_urgent && !path.queued && !path.queued_urgent) {
    path.queued = true;
    routine.push_back(path.identity().id);
  }
}

void LiveState::Impl::note(LivePath& path, LivePath::Update&& update, News& news) {
  mark_changed(path, update.state_changed);
  if (!update.report) return;
  PathTransition transition;
  transition.path = path.shared_identity();
  transition.verdict = *update.report;
  transition.trouble_since = update.trouble_since;
  news.paths.push_back(std::move(transition));
}

void LiveState::Impl::fill_totals(News& news) const {
  if (news.paths.empty()) return;
  std::set<std::string_view> methods;
  std::set<int> families;
  for (const auto& [id, path] : paths) {
    methods.insert(path.identity().method);
    families.insert(path.identity().family);
  }
  for (PathTransition& transition : news.paths) {
    transition.total_paths = paths.size();
    transition.methods = methods.size();
    transition.families = families.size();
  }
}

ProbeView LiveState::Impl::probe_view(const LiveProbe& probe) const {
  ProbeView view = probe.view;
  view.state = probe.silent ? ProbeState::kSilent : probe.sick ? ProbeState::kSick : ProbeState::kAlive;
  const auto count = path_count.find(view.id);
  view.paths = (count == path_count.end() ? 0 : count->second) + probe.crowd.size();
  return view;
}

LiveProbe* LiveState::Impl::find_or_add_probe(const ProbeId& id) {
  const auto known = probes.find(id);
  if (known != probes.end()) return &known->second;
  if (probes.size() >= limits.probes) return nullptr;
  return &probes.emplace(id, LiveProbe{}).first->second;
}

void LiveState::Impl::update_probe(LiveProbe& probe, const ProbeView& fresh, WallTime received, News& news) {
  const MonotonicTime now = clock.now();
  const bool is_new = !probe.met;
  probe.met = true;
  const bool was_silent = probe.silent;
  const bool was_sick = probe.sick;
  const Nanoseconds quiet = now - probe.last_arrival;
  const std::uint64_t dropped = probe.view.dropped_windows + fresh.dropped_windows;
  if (is_new || fresh.sequence >= probe.view.sequence) probe.view = fresh;
  probe.view.dropped_windows = dropped;
  probe.view.last_seen = received;
  probe.last_arrival = now;
  probe.silent = false;
  sweep_after(now + limits.probe_silent_after);
  probe.sick = probe.view.vantage && probe.view.vantage->sick;
  const auto report = [&](ProbeNews what, std::optional<Nanoseconds> length) {
    news.probes.push_back({what, probe_view(probe), received, length});
  };
  if (is_new) report(ProbeNews::kNew, std::nullopt);
  if (was_silent) report(ProbeNews::kBack, quiet);
  if (probe.sick && !was_sick) report(ProbeNews::kSick, std::nullopt);
  if (!probe.sick && was_sick) report(ProbeNews::kWell, std::nullopt);
}

void LiveState::Impl::follow_table(LiveProbe& probe, const schema::VerifiedBatch& batch) {
  const schema::BatchContent& content = batch.content();
  const crypto::Sha256Digest digest = content.paths.digest();
  if (probe.epoch == epoch && probe.table == digest && probe.table_site == content.site) return;
  probe.paths.clear();
  std::vector<bool> watched;
  for (PathIdentity& identity : identities(content, batch.head().probe)) {
    probe.paths.push_back(find_or_add(std::move(identity)));
    watched.push_back(probe.paths.back() != nullptr);
  }
  if (probe.table != digest || probe.crowd.size() > 0 || !std::ranges::all_of(watched, std::identity{})) {
    probe.crowd.reset(std::move(watched));
  }
  probe.table = digest;
  probe.table_site = content.site;
  probe.epoch = epoch;
}

void LiveState::on_durable(const schema::VerifiedBatch& batch, WallTime received) {
  const ProbeId probe = batch.head().probe;
  if (probe == impl_->no_probe) return;
  const schema::BatchContent& content = batch.content();
  const std::vector<store::DroppedRange> dropped = dropped_ranges(content, probe);

  ProbeView fresh;
  fresh.id = probe;
  fresh.name = content.probe_name;
  fresh.site = content.site;
  fresh.version = content.program_version;
  fresh.plan_revision = content.plan_revision;
  fresh.sequence = batch.head().sequence;
  for (const store::DroppedRange& range : dropped) fresh.dropped_windows += range.windows;
  fresh.vantage = parse_vantage(content.vantage);

  Impl::News news;
  {
    const std::lock_guard lock(impl_->mutex);
    const MonotonicTime now = impl_->clock.now();
    if (LiveProbe* const known = impl_->find_or_add_probe(probe)) {
      impl_->follow_table(*known, batch);
      impl_->note_tests(content, news);
      impl_->add_windows(*known, batch, now, news);
      impl_->update_probe(*known, fresh, received, news);
    }
    for (const store::DroppedRange& range : dropped) news.dropped.emplace_back(fresh, range);
    impl_->fill_totals(news);
  }
  impl_->tell(news);
}

void LiveState::Impl::note_tests(const schema::BatchContent& content, News& news) {
  for (const schema::AccessResult& result : content.access) {
    auto test = known_test(content.site, result);
    if (!test) continue;
    for (auto& [id, path] : paths) {
      if (concerns(*test, path.identity())) note(path, path.note_test(test->from, test->to), news);
    }
    tests.add(*test);
  }
}

void LiveState::Impl::add_windows(LiveProbe& probe, const schema::VerifiedBatch& batch, MonotonicTime now, News& news) {
  const schema::DelayColumns& columns = batch.columns();
  for (std::size_t row = 0; row < columns.size(); ++row) {
    LivePath* const path = probe.paths[columns.path_of(row)];
    if (path == nullptr) continue;
    schema::DelayWindow window = columns.row(row, batch.base());
    if (!tests.empty() && tests.disturb(path->identity(), window.start, window.start + window.duration)) {
      window.marks |= schema::kMarkCapacityTest;
    }
    note(*path, path->add(window, batch.head().sequence, now), news);
    if (const auto until = path->fresh_until()) sweep_after(*until);
  }
  probe.crowd.add(columns, batch.base());
}

void LiveState::tick() {
  Impl::News news;
  {
    const std::lock_guard lock(impl_->mutex);
    const MonotonicTime now = impl_->clock.now();
    if (now <= impl_->quiet_until) return;
    impl_->sweep(now, news);
  }
  impl_->tell(news);
}

void LiveState::Impl::sweep(MonotonicTime now, News& news) {
  quiet_until = now + limits.forget_after;  // what is met after this is not forgotten sooner
  for (auto path = paths.begin(); path != paths.end();) {
    const MonotonicTime known_until = path->second.last_arrival() + limits.forget_after;
    if (now > known_until) {
      --path_count[path->second.identity().probe];
      path = paths.erase(path);
      ++epoch;
      continue;
    }
    if (path->second.tick(now)) mark_changed(path->second, true);
    sweep_after(std::min(known_until, path->second.fresh_until().value_or(known_until)));
    ++path;
  }
  for (auto& [id, probe] : probes) {
    if (probe.silent) continue;
    const MonotonicTime heard_until = probe.last_arrival + limits.probe_silent_after;
    if (now <= heard_until) {
      sweep_after(heard_until);
      continue;
    }
    probe.silent = true;
    news.probes.push_back({ProbeNews::kSilent, probe_view(probe), clock.wall(), std::nullopt});
  }
}

void LiveState::forget_probe(const ProbeId& probe) {
  const std::lock_guard lock(impl_->mutex);
  impl_->probes.erase(probe);
  impl_->path_count.erase(probe);
  ++impl_->epoch;
  std::erase_if(impl_->paths, [&](const auto& item) { return item.second.identity().probe == probe; });
}

std::vector<PathView> LiveState::paths() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<PathView> all;
  all.reserve(impl_->paths.size());
  for (const auto& [id, path] : impl_->paths) all.push_back(path.view());
  return all;
}

std::optional<PathView> LiveState::path(PathId id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->paths.find(id);
  return known == impl_->paths.end() ? std::nullopt : std::optional(known->second.view());
}

PathCounts LiveState::Impl::counts() const {
  PathCounts sum;
  for (const auto& [id, path] : paths) ++sum.of[static_cast<std::size_t>(path.state())];
  sum.total = paths.size();
  for (const auto& [id, probe] : probes) probe.crowd.count_into(sum, probe.silent);
  return sum;
}

PathCounts LiveState::counts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counts();
}

std::vector<ProbeView> LiveState::probes() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<ProbeView> all;
  for (const auto& [id, probe] : impl_->probes) all.push_back(impl_->probe_view(probe));
  return all;
}

std::optional<ProbeView> LiveState::probe(const ProbeId& id) const {
  const std::lock_guard lock(impl_->mutex);
  const auto known = impl_->probes.find(id);
  return known == impl_->probes.end() ? std::nullopt : std::optional(impl_->probe_view(known->second));
}

std::uint64_t LiveState::probes_alive() const {
  const std::lock_guard lock(impl_->mutex);
  return static_cast<std::uint64_t>(
      std::ranges::count_if(impl_->probes, [](const auto& item) { return !item.second.silent; }));
}

std::uint64_t LiveState::paths_over_limit() const {
  const std::lock_guard lock(impl_->mutex);
  std::uint64_t paths = 0;
  for (const auto& [id, probe] : impl_->probes) paths += probe.crowd.size();
  return paths;
}

std::vector<LiveState::LastWindow> LiveState::last_windows(std::size_t limit, std::size_t& omitted) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<const LivePath*> current;
  for (const auto& [id, path] : impl_->paths) {
    if (path.state() != PathState::kStale && !path.recent().empty()) current.push_back(&path);
  }
  std::ranges::sort(current, {}, [](const LivePath* path) { return path->identity().id; });
  omitted = current.size() > limit ? current.size() - limit : 0;
  current.resize(current.size() - omitted);
  std::vector<LastWindow> windows;
  windows.reserve(current.size());
  for (const LivePath* path : current) windows.emplace_back(path->view(), path->recent().back());
  return windows;
}

LiveState::ChangedRows LiveState::take_changed(std::size_t limit) {
  const std::lock_guard lock(impl_->mutex);
  ChangedRows changed;
  const auto take = [&](std::deque<PathId>& queue, bool is_urgent) {
    while (!queue.empty() && changed.rows.size() < limit) {
      const auto known = impl_->paths.find(queue.front());
      queue.pop_front();
      if (known == impl_->paths.end()) continue;
      LivePath& path = known->second;
      // A row that waited as routine and became urgent has gone out already.
      if (!is_urgent && !path.queued) continue;
      path.queued = false;
      if (is_urgent) path.queued_urgent = false;
      changed.rows.push_back(path.view());
    }
  };
  take(impl_->urgent, true);
  changed.states = changed.rows.size();
  take(impl_->routine, false);
  return changed;
}

}  // namespace gnomon::server
