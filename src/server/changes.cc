#include "server/changes.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "core/log.h"
#include "server/change_file.h"
#include "server/change_fold.h"
#include "server/change_words.h"

namespace gnomon::server {

namespace {

constexpr std::array<std::string_view, 16> kKinds = {
    "path_broken",  "path_restored", "path_degraded", "group_broken", "group_restored", "group_degraded",
    "probe_silent", "probe_back",    "probe_new",     "probe_sick",   "probe_well",     "link_failed",
    "link_healed",  "link_set",      "dropped",       "key_refused"};

constexpr std::size_t kProbeNews = 5;

ChangeKind kind_of(ProbeNews news) {
  switch (news) {
    case ProbeNews::kNew:
      return ChangeKind::kProbeNew;
    case ProbeNews::kSilent:
      return ChangeKind::kProbeSilent;
    case ProbeNews::kBack:
      return ChangeKind::kProbeBack;
    case ProbeNews::kSick:
      return ChangeKind::kProbeSick;
    case ProbeNews::kWell:
      return ChangeKind::kProbeWell;
  }
  return ChangeKind::kProbeNew;
}

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

using PathFold = ChangeFold<PathId, PathTransition>;
using ProbeFold = ChangeFold<ProbeId, ProbeTransition>;

// A link that failed or was set, and when.
struct LinkNews {
  LinkAction action = LinkAction::kFail;
  WallTime at;
};

}  // namespace

std::string_view to_string(ChangeKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::optional<ChangeKind> parse_change_kind(std::string_view word) {
  const auto found = std::ranges::find(kKinds, word);
  if (found == kKinds.end()) return std::nullopt;
  return static_cast<ChangeKind>(found - kKinds.begin());
}

class Changes::Impl {
 public:
  Impl(Options the_options, const Clock& the_clock) : options(std::move(the_options)), clock(the_clock) {}

  Status load();
  void publish(Change change);
  void publish_trouble();
  void publish_relief();
  void publish_probes(ProbeNews news);
  void settle(bool all);
  [[nodiscard]] analysis::GroupContext context(const PathFold& fold) const;
  void name_link(analysis::GroupContext& context, const PathFold& fold) const;
  [[nodiscard]] static ChangeSubject subject(const PathFold& fold);
  // Calls the listener for what was published meanwhile; `speaking` is held, `mutex` is not.
  void speak();

  const Options options;
  const Clock& clock;
  std::function<void(const Change&)> listener;
  const RegionControl* region = nullptr;

  std::mutex speaking;  // taken before `mutex`, so that listeners hear in order
  mutable std::mutex mutex;
  std::optional<ChangeFile> file;
  bool write_failed = false;
  std::map<std::uint64_t, Change> held;
  std::uint64_t next_id = 1;
  std::vector<Change> unspoken;
  PathFold trouble, relief;
  std::array<ProbeFold, kProbeNews> probe_news;
  std::map<std::string, LinkNews> links;
};

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

ChangeSubject Changes::Impl::subject(const PathFold& fold) {
  ChangeSubject about;
  const PathIdentity& first = *fold.items().begin()->second.path;
  about.site = first.source_site;
  about.target_site = first.target_site;
  about.family = first.family;
  about.probe = first.probe;
  for (const auto& [id, item] : fold.items()) {
    about.paths.push_back(id);
    about.total = std::max<std::uint64_t>(about.total, item.total_paths);
    if (item.path->source_site != about.site) about.site.clear();
    if (item.path->target_site != about.target_site) about.target_site.clear();
    if (item.path->family != about.family) about.family = 0;
    if (about.probe && item.path->probe != *about.probe) about.probe.reset();
  }
  return about;
}

analysis::GroupContext Changes::Impl::context(const PathFold& fold) const {
  analysis::GroupContext context;
  context.zone = options.zone;
  context.since = fold.items().begin()->second.verdict.since;
  for (const auto& [id, item] : fold.items()) {
    context.since = std::min(context.since, item.verdict.since);
    context.total = std::max(context.total, item.total_paths);
    context.methods = std::max(context.methods, item.methods);
    context.families = std::max(context.families, item.families);
  }
  return context;
}

void Changes::Impl::name_link(analysis::GroupContext& context, const PathFold& fold) const {
  constexpr Nanoseconds kNear = std::chrono::seconds(60);
  WallTime newest{};
  for (const auto& [id, news] : links) {
    const Nanoseconds apart = context.since - news.at;
    if (news.action != LinkAction::kFail || apart > kNear || apart < -kNear || news.at < newest) continue;
    context.link = id;
    context.link_failed = newest = news.at;
  }
  if (!context.link.empty() || region == nullptr || links.empty()) return;
  std::optional<std::set<std::string>> shared;
  for (const auto& [id, item] : fold.items()) {
    const auto route = region->route(item.path->source_site, item.path->target_site, item.path->family);
    if (!route) return;
    std::set<std::string> own(route->begin(), route->end());
    if (!shared) {
      shared = std::move(own);
    } else {
      std::erase_if(*shared, [&](const std::string& link) { return !own.contains(link); });
    }
  }
  if (!shared) return;
  // Good paths may cross the same links: only one that was changed by hand is worth naming.
  std::erase_if(*shared, [&](const std::string& link) { return !links.contains(link); });
  if (shared->size() == 1) context.link = *shared->begin();
}

void Changes::Impl::publish_trouble() {
  std::vector<analysis::PathTrouble> paths;
  bool broken = false;
  for (const auto& [id, item] : trouble.items()) {
    paths.push_back({item.path->names(), item.verdict});
    broken = broken || item.verdict.state == PathState::kBroken;
  }
  analysis::GroupContext around = context(trouble);
  Change change;
  change.id = trouble.id();
  change.at = around.since;
  change.subject = subject(trouble);
  if (paths.size() == 1) {
    change.kind = broken ? ChangeKind::kPathBroken : ChangeKind::kPathDegraded;
    change.text = analysis::trouble_text(paths.front(), options.zone);
  } else {
    name_link(around, trouble);
    change.kind = broken ? ChangeKind::kGroupBroken : ChangeKind::kGroupDegraded;
    change.subject.link = around.link;
    change.text = analysis::group_trouble_text(paths, around);
  }
  if (change.id == 0) change.id = next_id++;
  trouble.published_as(change.id);
  publish(std::move(change));
}

void Changes::Impl::publish_relief() {
  std::vector<analysis::PathNames> paths;
  for (const auto& [id, item] : relief.items()) paths.push_back(item.path->names());
  const analysis::GroupContext around = context(relief);
  Change change;
  change.id = relief.id();
  change.at = around.since;
  change.subject = subject(relief);
  if (paths.size() == 1) {
    const PathTransition& one = relief.items().begin()->second;
    std::optional<Nanoseconds> length;
    if (one.trouble_since) length = one.verdict.since - *one.trouble_since;
    change.kind = ChangeKind::kPathRestored;
    change.text = analysis::restored_text(paths.front(), length);
  } else {
    change.kind = ChangeKind::kGroupRestored;
    change.text = analysis::group_restored_text(paths, around);
  }
  if (change.id == 0) change.id = next_id++;
  relief.published_as(change.id);
  publish(std::move(change));
}

void Changes::Impl::publish_probes(ProbeNews news) {
  ProbeFold& fold = probe_news[static_cast<std::size_t>(news)];
  std::vector<ProbeTransition> probes;
  for (const auto& [id, item] : fold.items()) probes.push_back(item);
  Change change;
  change.id = fold.id();
  change.at = probes.front().at;
  change.kind = kind_of(news);
  if (probes.size() == 1) {
    change.subject.probe = probes.front().probe.id;
    change.subject.site = probes.front().probe.site;
  }
  change.text = probe_news_text(news, probes, options.zone);
  if (change.id == 0) change.id = next_id++;
  fold.published_as(change.id);
  publish(std::move(change));
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
