// How gathered changes become one: subject, common factor, sentence.

#include <algorithm>
#include <set>

#include "server/change_words.h"
#include "server/changes_impl.h"

namespace gnomon::server {

namespace {

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

}  // namespace

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

// A link that was changed by hand within a minute and that most of the paths cross; where the region cannot tell
// routes, a failed one is named for its nearness in time alone.
void Changes::Impl::name_link(analysis::GroupContext& context, const PathFold& fold) const {
  constexpr Nanoseconds kNear = std::chrono::seconds(60);
  std::map<std::string, std::size_t> crossed;
  bool told = false;
  for (const auto& [id, item] : fold.items()) {
    if (links.empty() || region == nullptr) break;
    const auto route = region->route(item.path->source_site, item.path->target_site, item.path->family);
    if (!route) continue;
    told = true;
    for (const std::string& link : *route) ++crossed[link];
  }
  std::size_t most = 0;
  for (const auto& [id, news] : links) {
    const Nanoseconds apart = context.since - news.at;
    if (apart > kNear || apart < -kNear) continue;
    const std::size_t paths = told ? crossed[id] : fold.items().size();
    const bool fits = told ? paths * 2 > fold.items().size() : news.action == LinkAction::kFail;
    if (!fits || paths <= most) continue;
    most = paths;
    context.link = id;
    context.link_failed = news.action == LinkAction::kFail ? std::optional(news.at) : std::nullopt;
    context.link_shared_by_all = paths == fold.items().size();
    // A window in which a path began to lose started before it: the link's own time is the better one.
    if (context.link_failed) context.since = std::max(context.since, news.at);
  }
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
    change.at = around.since;
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

}  // namespace gnomon::server
