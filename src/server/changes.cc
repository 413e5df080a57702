#include "server/changes.h"

#include <algorithm>
#include <unordered_map>

#include "core/log.h"
#include "server/change_words.h"
#include "server/changes_impl.h"

namespace gnomon::server {

namespace {

constexpr std::array<std::string_view, 16> kKinds = {
    "path_broken",  "path_restored", "path_degraded", "group_broken", "group_restored", "group_degraded",
    "probe_silent", "probe_back",    "probe_new",     "probe_sick",   "probe_well",     "link_failed",
    "link_healed",  "link_set",      "dropped",       "key_refused"};

ChangeKind kind_of(LinkAction action) {
  switch (action) {
    case LinkAction::kFail:
      return ChangeKind::kLinkFailed;
    case LinkAction::kHeal:
      return ChangeKind::kLinkHealed;
    case LinkAction::kSet:
      return ChangeKind::kLinkSet;
  }
  return ChangeKind::kLinkSet;
}

bool is_trouble(ChangeKind kind) {
  return kind == ChangeKind::kPathBroken || kind == ChangeKind::kPathDegraded || kind == ChangeKind::kGroupBroken ||
         kind == ChangeKind::kGroupDegraded;
}

bool is_relief(ChangeKind kind) {
  return kind == ChangeKind::kPathRestored || kind == ChangeKind::kGroupRestored;
}

}  // namespace

std::string_view to_string(ChangeKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<ChangeKind> parse_change_kind(std::string_view word) {
  const auto found = std::ranges::find(kKinds, word);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<ChangeKind>(found - kKinds.begin());
}

Status Changes::Impl::load() {
  if (options.folder.empty()) return {};
  auto opened = ChangeFile::open(options.folder, options.keep);
  if (!opened) return tl::unexpected(opened.error());
  file.emplace(std::move(*opened));
  held = file->take_loaded();
  if (!held.empty()) next_id = held.rbegin()->first + 1;
  return {};
}

void Changes::Impl::publish(Change change) {
  if (change.id == 0) change.id = next_id++;
  held.insert_or_assign(change.id, change);
  while (held.size() > options.keep) held.erase(held.begin());
  if (file) {
    const Status written = file->append(change, held);
    if (!written && !write_failed) log::warning("changes are kept in memory only: {}", written.error().message());
    write_failed = !written;
  }
  unspoken.push_back(std::move(change));
}

void Changes::Impl::speak() {
  std::vector<Change> now;
  {
    const std::lock_guard lock(mutex);
    now.swap(unspoken);
  }
  if (!listener) return;
  for (const Change& change : now) listener(change);
}

void Changes::Impl::settle(bool all) {
  const MonotonicTime now = clock.now();
  const auto one = [&](auto& fold, const auto& publish_fold) {
    const bool over = fold.is_over(now);
    if (fold.is_dirty() && (all || over || fold.is_due(now))) publish_fold();
    if (over) fold.close();
  };
  one(trouble, [&] { publish_trouble(); });
  one(relief, [&] { publish_relief(); });
  for (std::size_t i = 0; i < kProbeNews; ++i) {
    one(probe_news[i], [&] { publish_probes(static_cast<ProbeNews>(i)); });
  }
}

Result<std::unique_ptr<Changes>> Changes::open(Options options, const Clock& clock) {
  auto impl = std::make_unique<Impl>(std::move(options), clock);
  if (const Status loaded = impl->load(); !loaded) return tl::unexpected(loaded.error());
  return std::unique_ptr<Changes>(new Changes(std::move(impl)));
}

Changes::Changes(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Changes::~Changes() {
  // What is gathered and unpublished is kept for the next start.
  const std::lock_guard lock(impl_->mutex);
  impl_->settle(true);
}

void Changes::set_listener(std::function<void(const Change&)> listener) {
  impl_->listener = std::move(listener);
}

void Changes::set_region(const RegionControl* region) {
  impl_->region = region;
}

void Changes::paths_changed(const std::vector<PathTransition>& transitions) {
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->settle(false);
    const MonotonicTime now = impl_->clock.now();
    for (const PathTransition& item : transitions) {
      const bool good = item.verdict.state == PathState::kGood;
      (good ? impl_->relief : impl_->trouble).add(item.path->id, item, now);
    }
  }
  impl_->speak();
}

void Changes::probe_changed(const ProbeTransition& transition) {
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->settle(false);
    ProbeFold& fold = impl_->probe_news[static_cast<std::size_t>(transition.news)];
    fold.add(transition.probe.id, transition, impl_->clock.now());
  }
  impl_->speak();
}

void Changes::windows_dropped(const ProbeView& probe, const store::DroppedRange& range) {
  Change change;
  change.at = range.last;
  change.kind = ChangeKind::kDropped;
  change.subject.probe = probe.id;
  change.subject.site = probe.site;
  change.text = dropped_text(probe, range, impl_->options.zone);
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->publish(std::move(change));
  }
  impl_->speak();
}

void Changes::link_changed(const LinkEvent& event) {
  Change change;
  change.at = event.at;
  change.kind = kind_of(event.action);
  change.subject.link = event.link.id;
  change.text = link_text(event);
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    // What comes after is another story than what was gathered before.
    impl_->settle(true);
    impl_->trouble.close();
    impl_->relief.close();
    if (event.action == LinkAction::kHeal) {
      impl_->links.erase(event.link.id);
    } else {
      impl_->links[event.link.id] = {event.action, event.at};
    }
    impl_->publish(std::move(change));
  }
  impl_->speak();
}

void Changes::key_refused(std::string_view public_key_hex, std::string_view name) {
  Change change;
  change.at = impl_->clock.wall();
  change.kind = ChangeKind::kKeyRefused;
  change.text = key_refused_text(public_key_hex, name);
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->publish(std::move(change));
  }
  impl_->speak();
}

void Changes::tick() {
  const std::lock_guard speaking(impl_->speaking);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->settle(false);
  }
  impl_->speak();
}

std::vector<Change> Changes::list(std::size_t limit, std::optional<std::uint64_t> before) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Change> newest;
  auto end = before ? impl_->held.lower_bound(*before) : impl_->held.end();
  while (end != impl_->held.begin() && newest.size() < limit) newest.push_back((--end)->second);
  return newest;
}

std::vector<Change> Changes::about(PathId path, const ProbeId& probe, WallTime from, WallTime to) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Change> found;
  for (const auto& [id, change] : impl_->held) {
    if (change.at < from || change.at >= to) continue;
    const ChangeSubject& subject = change.subject;
    const bool own = std::ranges::find(subject.paths, path) != subject.paths.end();
    const bool home = subject.paths.empty() && subject.probe && *subject.probe == probe;
    const bool link = subject.paths.empty() && !subject.link.empty();
    if (own || home || link) found.push_back(change);
  }
  std::ranges::stable_sort(found, {}, &Change::at);
  return found;
}

std::vector<LiveState::Troubled> Changes::troubled() const {
  const std::lock_guard lock(impl_->mutex);
  std::unordered_map<PathId, LiveState::Troubled> open;
  for (const auto& [id, change] : impl_->held) {
    for (const PathId path : change.subject.paths) {
      if (is_relief(change.kind)) open.erase(path);
      if (!is_trouble(change.kind)) continue;
      const bool broken = change.kind == ChangeKind::kPathBroken || change.kind == ChangeKind::kGroupBroken;
      const auto [entry, fresh] = open.try_emplace(path, LiveState::Troubled{path, PathState::kDegraded, change.at});
      if (broken) entry->second.state = PathState::kBroken;
    }
  }
  std::vector<LiveState::Troubled> all;
  all.reserve(open.size());
  for (const auto& [path, trouble] : open) all.push_back(trouble);
  return all;
}

}  // namespace gnomon::server
