#include "probe/schedule.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "crypto/sha256.h"
#include "probe/address_rules.h"

namespace gnomon::probe {

bool stands_at(const Place& place, const Target& target) {
  if (place.name == target.name) return true;
  return !target.site.empty() && target.site == place.site && (target.access.empty() || target.access == place.access);
}

namespace {

// A source is a site, a target (its site, or a probe of that name), or a probe's name.
bool is_source(const Plan& plan, const Place& place, const std::string& source) {
  if (source == place.name || source == place.site) return true;
  const auto target = plan.targets.find(source);
  return target != plan.targets.end() && stands_at(place, target->second);
}

}  // namespace

bool is_among(const Plan& plan, const Place& place, const std::vector<std::string>& sources) {
  return std::ranges::any_of(sources, [&](const std::string& source) { return is_source(plan, place, source); });
}

bool family_is_wanted(FamilyChoice choice, Family family) {
  switch (choice) {
    case FamilyChoice::kBoth:
      return true;
    case FamilyChoice::kIpv4:
      return family == Family::kIpv4;
    case FamilyChoice::kIpv6:
      return family == Family::kIpv6;
  }
  return false;
}

namespace {

// The targets that this probe measures for one item.
std::vector<const Target*> targets_for(const Plan& plan, const Place& place, const Measurement& item) {
  std::vector<const Target*> targets;
  const auto add = [&](const std::vector<std::string>& names, bool skip_own_site) {
    for (const std::string& name : names) {
      const auto target = plan.targets.find(name);
      if (target == plan.targets.end() || name == place.name) continue;
      const bool own_site = !place.site.empty() && target->second.site == place.site;
      if (skip_own_site && (own_site || stands_at(place, target->second))) continue;
      targets.push_back(&target->second);
    }
  };
  switch (item.shape) {
    case Shape::kMesh:
      if (is_among(plan, place, item.sources)) add(item.targets, true);
      break;
    case Shape::kStar:
      if (is_among(plan, place, item.sources)) {
        add(item.targets, true);
      } else if (is_among(plan, place, item.targets)) {
        add(item.sources, true);
      }
      break;
    case Shape::kPairs:
      if (item.all_sources || is_among(plan, place, item.sources)) add(item.targets, false);
      break;
  }
  return targets;
}

void add_paths(const Target& target, const Place& place, const Measurement& item, std::vector<PlannedPath>& paths) {
  PlannedPath path;
  path.item = item.name;
  path.target = target.name;
  path.target_site = target.site;
  path.access = place.access;
  path.options = item.options;
  if (item.options.method == Method::kStamp) path.port = target.port.value != 0 ? target.port : item.options.port;
  const auto add = [&](Family family, const std::string& host, const std::string& address) {
    if (!family_is_wanted(item.options.family, family)) return;
    path.family = family;
    path.host = host;
    path.address = address;
    paths.push_back(path);
  };
  for (const std::string& text : target.addresses) {
    if (const auto literal = parse_literal(text)) add(literal->family, "", literal->text);
  }
  if (!target.host.empty()) {
    add(Family::kIpv4, target.host, "");
    add(Family::kIpv6, target.host, "");
  }
}

// How many sources measure a target, by the plan's words.
std::size_t sources_of(const Plan& plan, const std::string& target) {
  std::set<std::string> sources;
  std::size_t everyone = 0;
  for (const Measurement& item : plan.measurements) {
    const bool as_target = std::ranges::find(item.targets, target) != item.targets.end();
    const bool as_hub = item.shape == Shape::kStar && std::ranges::find(item.sources, target) != item.sources.end();
    if (as_target) sources.insert(item.sources.begin(), item.sources.end());
    if (as_hub) sources.insert(item.targets.begin(), item.targets.end());
    if (as_target && item.all_sources) everyone = std::max<std::size_t>(plan.sites.size(), 1);
  }
  sources.erase(target);
  return std::max<std::size_t>({sources.size(), everyone, 1});
}

double rate_of(const PlannedPath& path) {
  return 1e9 / static_cast<double>(path.options.interval.count());
}

}  // namespace

std::string PlannedPath::key() const {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", item, to_string(options.method), target,
                     static_cast<int>(family), options.payload_bytes, options.dscp.value, access, port.value);
}

std::vector<PlannedPath> paths_of(const Plan& plan, const Place& place) {
  std::vector<PlannedPath> paths;
  for (const Measurement& item : plan.measurements) {
    if (!item.options.access.empty() && item.options.access != place.access) continue;
    for (const Target* target : targets_for(plan, place, item)) add_paths(*target, place, item, paths);
  }
  return paths;
}

Nanoseconds phase_of(std::string_view probe, const PlannedPath& path) {
  const auto digest = crypto::sha256(fmt::format("phase\n{}\n{}", probe, path.key()));
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | std::to_integer<std::uint64_t>(digest[i]);
  const double fraction = static_cast<double>(hash >> 11) * 0x1p-53;
  return Nanoseconds{static_cast<std::int64_t>(fraction * static_cast<double>(path.options.interval.count()))};
}

std::vector<std::string> keep_limits(const Plan& plan, std::vector<PlannedPath>& paths) {
  struct Load {
    double rate = 0;
    double allowed = 0;
  };
  std::map<std::string, Load> loads;
  const auto where = [](const PlannedPath& path) { return path.address.empty() ? path.host : path.address; };
  for (const PlannedPath& path : paths) {
    Load& load = loads[where(path)];
    const double share = plan.limits.fleet_per_target / static_cast<double>(sources_of(plan, path.target));
    const double allowed = std::min(plan.limits.per_target, share);
    load.allowed = load.rate == 0 ? allowed : std::min(load.allowed, allowed);
    load.rate += rate_of(path);
  }
  std::vector<std::string> slowed;
  constexpr double kRounding = 1 + 1e-9;
  for (const auto& [address, load] : loads) {
    if (load.rate > load.allowed * kRounding) slowed.push_back(address);
  }
  for (PlannedPath& path : paths) {
    const Load& load = loads[where(path)];
    if (load.rate <= load.allowed * kRounding) continue;
    const double longer = static_cast<double>(path.options.interval.count()) * load.rate / load.allowed;
    path.options.interval = Nanoseconds{static_cast<std::int64_t>(std::ceil(longer))};
    path.options.window = std::max(path.options.window, path.options.interval);
  }
  return slowed;
}

}  // namespace gnomon::probe
