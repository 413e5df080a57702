#include "cli/lab_region.h"

#include <set>

namespace gnomon::cli {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

server::LinkSettings settings_of(const lab::DirectionSettings& lab) {
  server::LinkSettings settings;
  settings.delay_us = duration_cast<microseconds>(lab.delay).count();
  settings.jitter_us = duration_cast<microseconds>(lab.jitter).count();
  settings.loss_ratio = lab.loss;
  settings.rate_bps = static_cast<std::int64_t>(lab.rate);
  settings.queue_ms = static_cast<double>(lab.queue.count()) / 1e6;
  settings.reorder_ratio = lab.reorder;
  settings.duplicate_ratio = lab.duplicate;
  settings.mtu = lab.mtu;
  return settings;
}

server::RegionLink link_of(const lab::LinkSnapshot& lab) {
  server::RegionLink link;
  link.id = lab.id;
  link.a = lab.a;
  link.b = lab.b;
  link.kind = lab.kind;
  link.up = lab.up;
  link.changed = lab.changed;
  link.forward = settings_of(lab.forward);
  link.backward = settings_of(lab.backward);
  return link;
}

server::RegionSite site_of(const lab::SiteSnapshot& lab) {
  server::RegionSite site;
  site.id = lab.site.id;
  site.name = {lab.site.name_en, lab.site.name_zh};
  site.kind = lab::to_string(lab.site.kind);
  site.latitude = lab.site.latitude;
  site.longitude = lab.site.longitude;
  site.access = lab.site.access;
  return site;
}

server::DirectionTruth truth_of(const lab::DirectionTruth& lab) {
  server::DirectionTruth truth;
  truth.forwarded = lab.forwarded;
  truth.forwarded_bytes = lab.forwarded_bytes;
  truth.dropped_loss = lab.dropped_loss;
  truth.dropped_queue = lab.dropped_queue;
  truth.dropped_down = lab.dropped_down;
  truth.dropped_mtu = lab.dropped_mtu;
  truth.dropped_police = lab.dropped_police;
  truth.duplicated = lab.duplicated;
  truth.reordered = lab.reordered;
  if (!lab.given.empty()) {
    const auto quantile = [&](double q) { return lab.given.quantile(q).value_or(Nanoseconds{}); };
    truth.delay = server::DelayTruth{quantile(0), quantile(0.5), quantile(0.95), quantile(0.99), lab.given_max};
  }
  return truth;
}

lab::SettingsChange change_of(const server::LinkSettingsChange& wanted) {
  lab::SettingsChange change;
  if (wanted.delay_us) change.delay = microseconds(*wanted.delay_us);
  if (wanted.jitter_us) change.jitter = microseconds(*wanted.jitter_us);
  if (wanted.loss_ratio) change.loss = *wanted.loss_ratio;
  if (wanted.rate_bps) change.rate = static_cast<std::uint64_t>(*wanted.rate_bps);
  if (wanted.queue_ms) change.queue = Nanoseconds(static_cast<std::int64_t>(*wanted.queue_ms * 1e6));
  if (wanted.reorder_ratio) change.reorder = *wanted.reorder_ratio;
  if (wanted.duplicate_ratio) change.duplicate = *wanted.duplicate_ratio;
  if (wanted.mtu) change.mtu = static_cast<std::uint32_t>(*wanted.mtu);
  return change;
}

Result<lab::DirectionChoice> direction_of(const server::LinkCommand& command,
                                          const std::vector<lab::LinkSnapshot>& links) {
  if (command.direction.empty()) return lab::DirectionChoice::kBoth;
  for (const auto& link : links) {
    if (link.id != command.link) continue;
    if (command.direction == link.a + "-" + link.b) return lab::DirectionChoice::kForward;
    if (command.direction == link.b + "-" + link.a) return lab::DirectionChoice::kBackward;
    return failure(ErrorCode::kInvalidArgument, "change link", command.link,
                   "'" + command.direction + "' is no direction of it",
                   "use " + link.a + "-" + link.b + " or " + link.b + "-" + link.a);
  }
  return lab::DirectionChoice::kBoth;  // An unknown link: the lab names the nearest one.
}

// Up, but not as the region says: there is nothing to heal but the settings.
bool is_only_changed(const std::string& id, const std::vector<lab::LinkSnapshot>& links) {
  const auto link = std::find_if(links.begin(), links.end(), [&](const auto& l) { return l.id == id; });
  return link != links.end() && link->up && link->changed;
}

// Every link on any of the equal-cost ways from `from` to `to`.
void collect(const lab::RoutingTable& routes, std::size_t from, std::size_t to, std::set<std::size_t>& links,
             std::set<std::size_t>& seen) {
  if (from == to || !seen.insert(from).second) return;
  for (const lab::NextHop& hop : routes.next_hops(from, to)) {
    links.insert(hop.link);
    collect(routes, hop.site, to, links, seen);
  }
}

}  // namespace

LabRegion::LabRegion(lab::Lab& lab, const Clock& clock) : lab_(lab), clock_(clock) {
  for (const auto& link : lab_.links()) last_.emplace(link.id, link_of(link));
}

server::RegionSnapshot LabRegion::snapshot() const {
  server::RegionSnapshot snapshot;
  const auto& region = lab_.region();
  snapshot.name = region.name;
  snapshot.lab = true;
  snapshot.title = {region.title_en, region.title_zh};
  for (const auto& site : lab_.sites()) {
    snapshot.sites.push_back(site_of(site));
    const double x = site.site.longitude, y = site.site.latitude;
    auto& bounds = snapshot.bounds;
    if (!bounds) bounds = {x, y, x, y};
    bounds = {std::min((*bounds)[0], x), std::min((*bounds)[1], y), std::max((*bounds)[2], x),
              std::max((*bounds)[3], y)};
  }
  for (const auto& link : lab_.links()) snapshot.links.push_back(link_of(link));
  return snapshot;
}

Result<server::LinkOutcome> LabRegion::control(const server::LinkCommand& command) {
  const auto direction = direction_of(command, lab_.links());
  if (!direction) return tl::unexpected(direction.error());
  auto report = [&]() -> Result<lab::ChangeReport> {
    switch (command.action) {
      case server::LinkAction::kFail:
        return lab_.fail(command.link);
      case server::LinkAction::kHeal:
        if (is_only_changed(command.link, lab_.links())) {
          return lab_.set_default(command.link, lab::DirectionChoice::kBoth);
        }
        return lab_.heal(command.link);
      case server::LinkAction::kSet:
        return lab_.set(command.link, change_of(command.settings), *direction);
    }
    return failure(ErrorCode::kInvalidArgument, "change link", command.link, "unknown action");
  }();
  if (!report) return tl::unexpected(report.error());
  server::LinkOutcome outcome;
  outcome.link = link_of(report->link);
  outcome.message = {report->text_en, report->text_zh};
  if (command.action != server::LinkAction::kSet) outcome.paths_using = report->use.lose_all + report->use.lose_part;
  return outcome;
}

Result<std::vector<server::LinkTruth>> LabRegion::truth() const {
  const auto truth = lab_.truth();
  if (!truth) return tl::unexpected(truth.error());
  std::vector<server::LinkTruth> links;
  for (const auto& link : truth->links) {
    links.push_back({link.link, link.a, link.b, truth_of(link.forward), truth_of(link.backward)});
  }
  return links;
}

void LabRegion::on_link_change(std::function<void(const server::LinkEvent&)> handler) {
  const std::lock_guard lock(mutex_);
  handler_ = std::move(handler);
}

void LabRegion::link_changed(const std::string& link) {
  server::LinkEvent event;
  std::function<void(const server::LinkEvent&)> handler;
  {
    const auto links = lab_.links();
    const auto now = std::find_if(links.begin(), links.end(), [&](const auto& l) { return l.id == link; });
    if (now == links.end()) return;
    const std::lock_guard lock(mutex_);
    event.link = link_of(*now);
    auto& before = last_[link];
    event.action = before.up == event.link.up ? server::LinkAction::kSet
                   : event.link.up            ? server::LinkAction::kHeal
                                              : server::LinkAction::kFail;
    event.at = clock_.wall();
    before = event.link;
    handler = handler_;
  }
  if (handler) handler(event);
}

std::shared_ptr<const lab::RoutingTable> LabRegion::routes_of(const std::vector<bool>& routed_round) const {
  const std::lock_guard lock(mutex_);
  if (!routes_ || routed_round_ != routed_round) {
    routes_ = std::make_shared<lab::RoutingTable>(lab_.region(), routed_round);
    routed_round_ = routed_round;
  }
  return routes_;
}

std::optional<std::vector<std::string>> LabRegion::route(std::string_view source_site, std::string_view target_site,
                                                         int /*family*/) const {
  const auto& region = lab_.region();
  const auto from = region.find_site(source_site);
  const auto to = region.find_site(target_site);
  if (!from || !to) return std::nullopt;
  std::vector<bool> routed_round;
  for (const auto& link : lab_.links()) routed_round.push_back(link.routed_round);
  const auto routes = routes_of(routed_round);
  std::set<std::size_t> links, seen;
  collect(*routes, *from, *to, links, seen);
  std::vector<std::string> ids;
  for (const auto link : links) ids.push_back(region.links[link].id);
  return ids;
}

std::string LabRegion::run_at(std::string_view site, std::string_view /*access*/) const {
  return "gnomon lab exec " + std::string(site) + " -- ";
}

}  // namespace gnomon::cli
