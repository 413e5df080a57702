// parse_region of region.h: YAML to Region, each fault with its place.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>

#include "core/nearest_word.h"
#include "lab/geography.h"
#include "lab/quantity.h"
#include "lab/region.h"
#include "lab/routing.h"

namespace gnomon::lab {

namespace {

using Words = std::vector<std::string>;

// The first fault ends the parse: it is thrown here and caught in parse_region, never further.
struct Fault {
  YAML::Mark mark;
  std::string reason;
  std::string advice;
};

[[noreturn]] void fault(const YAML::Node& node, std::string reason, std::string advice = {}) {
  throw Fault{node.Mark(), std::move(reason), std::move(advice)};
}

std::string meant(std::string_view word, const Words& allowed) {
  if (const auto near = nearest_word(word, allowed)) return fmt::format("did you mean {}?", *near);
  const std::size_t shown = std::min<std::size_t>(allowed.size(), 14);
  return fmt::format("allowed: {}",
                     fmt::join(allowed.begin(), allowed.begin() + static_cast<std::ptrdiff_t>(shown), ", "));
}

void require_map(const YAML::Node& node, std::string_view what, const Words& allowed) {
  if (!node.IsMap()) fault(node, fmt::format("{} must be a mapping", what));
  Words seen;
  for (const auto& field : node) {
    if (!field.first.IsScalar()) fault(field.first, fmt::format("a key of {} must be a word", what));
    const std::string& key = field.first.Scalar();
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      fault(field.first, fmt::format("{} has no '{}'", what, key), meant(key, allowed));
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end())
      fault(field.first, fmt::format("'{}' stands twice", key));
    seen.push_back(key);
  }
}

YAML::Node require_field(const YAML::Node& node, const char* key, std::string_view what) {
  const YAML::Node field = node[key];
  if (!field.IsDefined()) fault(node, fmt::format("{} lacks '{}'", what, key));
  return field;
}

std::string text(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar() || node.Scalar().empty()) fault(node, fmt::format("{} must be a text", what));
  if (node.Scalar().size() > 200) fault(node, fmt::format("{} is longer than 200 bytes", what));
  return node.Scalar();
}

std::string identifier(const YAML::Node& node, std::string_view what, std::size_t longest) {
  const std::string id = text(node, what);
  const bool good = id.size() <= longest && id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == id.npos &&
                    id.front() != '-' && id.back() != '-';
  if (!good) {
    fault(node, fmt::format("'{}' is no name of {}", id, what),
          fmt::format("use a-z, 0-9 and inner hyphens, at most {}", longest));
  }
  return id;
}

std::string word(const YAML::Node& node, std::string_view what, const Words& allowed) {
  const std::string value = text(node, what);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
    fault(node, fmt::format("'{}' is no {}", value, what), meant(value, allowed));
  }
  return value;
}

double number(const YAML::Node& node, std::string_view what, double least, double greatest) {
  double value = 0;
  if (!node.IsScalar() || !YAML::convert<double>::decode(node, value) || !(value >= least && value <= greatest)) {
    fault(node, fmt::format("{} must be a number from {} to {}", what, least, greatest));
  }
  return value;
}

bool on_off(const YAML::Node& node, std::string_view what) {
  const auto value = node.IsScalar() ? parse_switch(node.Scalar()) : std::nullopt;
  if (!value) fault(node, fmt::format("{} must be true or false", what));
  return *value;
}

Nanoseconds duration(const YAML::Node& node, std::string_view what) {
  const auto value = node.IsScalar() ? parse_duration(node.Scalar()) : std::nullopt;
  if (!value) fault(node, fmt::format("{} must be a duration such as 40ms", what));
  return *value;
}

void read_names(const YAML::Node& node, std::string_view what, std::string& en, std::string& zh) {
  if (node.IsScalar()) {
    en = zh = text(node, what);
    return;
  }
  require_map(node, what, {"en", "zh"});
  en = text(require_field(node, "en", what), what);
  zh = node["zh"].IsDefined() ? text(node["zh"], what) : en;
}

Words with_settings(Words words) {
  words.insert(words.end(), setting_names().begin(), setting_names().end());
  return words;
}

// The settings among the fields of a mapping.
SettingsChange read_settings(const YAML::Node& node) {
  SettingsChange change;
  for (const std::string& name : setting_names()) {
    const YAML::Node value = node[name];
    if (!value.IsDefined()) continue;
    const Status status = value.IsScalar() ? parse_setting(name, value.Scalar(), change)
                                           : failure(ErrorCode::kInvalidArgument, "", name, "must be one value");
    if (!status) fault(value, fmt::format("{}: {}", name, status.error().reason), status.error().advice);
  }
  return change;
}

struct LinkKind {
  SettingsChange both;
  SettingsChange forward;
  SettingsChange backward;
  double fibre_factor = 1.5;
  Nanoseconds extra_delay{0};
};

// Reads one part of the file after another into the region.
class RegionReader {
 public:
  Region read(const YAML::Node& root) {
    require_map(root, "the region", {"name", "title", "routing", "link_kinds", "sites", "links"});
    region_.name = identifier(require_field(root, "name", "the region"), "a region", 32);
    region_.title_en = region_.title_zh = region_.name;
    if (root["title"].IsDefined()) read_names(root["title"], "title", region_.title_en, region_.title_zh);
    if (root["routing"].IsDefined()) read_routing(root["routing"]);
    if (root["link_kinds"].IsDefined()) read_kinds(root["link_kinds"]);
    read_list(require_field(root, "sites", "the region"), "sites", kMaxSites, [this](const auto& n) { read_site(n); });
    read_list(require_field(root, "links", "the region"), "links", kMaxLinks, [this](const auto& n) { read_link(n); });
    require_reachable(root["sites"]);
    return std::move(region_);
  }

 private:
  template <typename Read>
  void read_list(const YAML::Node& node, const char* what, std::size_t longest, const Read& read_one) {
    if (!node.IsSequence() || node.size() == 0)
      fault(node, fmt::format("{} must be a list with at least one entry", what));
    if (node.size() > longest)
      fault(node, fmt::format("{} has {} entries; at most {} are possible", what, node.size(), longest));
    for (const YAML::Node& entry : node) read_one(entry);
  }

  void read_routing(const YAML::Node& node) {
    require_map(node, "routing", {"ecmp", "tolerance", "rerouting"});
    if (node["ecmp"].IsDefined()) region_.routing.ecmp = on_off(node["ecmp"], "ecmp");
    if (node["tolerance"].IsDefined()) region_.routing.tolerance = duration(node["tolerance"], "tolerance");
    const YAML::Node rerouting = node["rerouting"];
    if (!rerouting.IsDefined()) return;
    require_map(rerouting, "rerouting", {"after"});
    region_.routing.rerouting_after = duration(require_field(rerouting, "after", "rerouting"), "after");
  }

  void read_kinds(const YAML::Node& node) {
    if (!node.IsMap()) fault(node, "link_kinds must be a mapping");
    for (const auto& entry : node) {
      const std::string name = identifier(entry.first, "a link kind", 32);
      const YAML::Node& fields = entry.second;
      require_map(fields, "a link kind", with_settings({"fibre_factor", "extra_delay", "forward", "backward"}));
      LinkKind kind;
      kind.both = read_settings(fields);
      read_directions(fields, kind.forward, kind.backward);
      if (fields["fibre_factor"].IsDefined()) kind.fibre_factor = number(fields["fibre_factor"], "fibre_factor", 1, 10);
      if (fields["extra_delay"].IsDefined()) kind.extra_delay = duration(fields["extra_delay"], "extra_delay");
      if (!kinds_.emplace(name, kind).second) fault(entry.first, fmt::format("the link kind '{}' stands twice", name));
    }
  }

  static void read_directions(const YAML::Node& node, SettingsChange& forward, SettingsChange& backward) {
    for (const char* key : {"forward", "backward"}) {
      const YAML::Node settings = node[key];
      if (!settings.IsDefined()) continue;
      require_map(settings, key, setting_names());
      (key[0] == 'f' ? forward : backward) = read_settings(settings);
    }
  }

  void read_site(const YAML::Node& node) {
    static const Words kFields{"id", "name", "kind", "at", "access", "measures", "transit"};
    static const Words kKinds{"city", "datacentre", "exchange", "cloud", "factory", "road", "router"};
    require_map(node, "a site", kFields);
    Site site;
    const YAML::Node id = require_field(node, "id", "a site");
    site.id = identifier(id, "a site", 24);
    if (region_.find_site(site.id)) fault(id, fmt::format("the site '{}' stands twice", site.id));
    read_names(require_field(node, "name", "a site"), "name", site.name_en, site.name_zh);
    const std::string kind = word(require_field(node, "kind", "a site"), "kind of site", kKinds);
    site.kind = static_cast<SiteKind>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
    const YAML::Node at = require_field(node, "at", "a site");
    if (!at.IsSequence() || at.size() != 2) fault(at, "at must be [latitude, longitude]");
    site.latitude = number(at[0], "latitude", -90, 90);
    site.longitude = number(at[1], "longitude", -180, 180);
    site.measures = site.kind != SiteKind::kRouter;
    site.transit = site.kind == SiteKind::kRouter || site.kind == SiteKind::kExchange;
    if (node["measures"].IsDefined()) site.measures = on_off(node["measures"], "measures");
    if (node["transit"].IsDefined()) site.transit = on_off(node["transit"], "transit");
    const YAML::Node access = node["access"];
    if (access.IsDefined()) {
      read_list(access, "access", 2, [&site](const YAML::Node& entry) {
        site.access.push_back(word(entry, "access", {"fixed", "5g"}));
      });
    }
    region_.sites.push_back(std::move(site));
  }

  std::size_t site_of(const YAML::Node& node) {
    const std::string id = text(node, "a site of 'between'");
    if (const auto found = region_.find_site(id)) return *found;
    Words ids;
    for (const Site& site : region_.sites) ids.push_back(site.id);
    fault(node, fmt::format("there is no site '{}'", id), meant(id, ids));
  }

  const LinkKind& kind_of(const YAML::Node& node, std::string& name) {
    static const LinkKind kPlain;
    if (!node.IsDefined()) return kPlain;
    name = text(node, "kind");
    if (const auto found = kinds_.find(name); found != kinds_.end()) return found->second;
    Words names;
    for (const auto& [known, kind] : kinds_) names.push_back(known);
    fault(node, fmt::format("there is no link kind '{}'", name), meant(name, names));
  }

  void read_link(const YAML::Node& node) {
    require_map(node, "a link", with_settings({"id", "between", "kind", "cost", "fault", "forward", "backward"}));
    Link link;
    const YAML::Node between = require_field(node, "between", "a link");
    if (!between.IsSequence() || between.size() != 2) fault(between, "between must be [site, site]");
    link.a = site_of(between[0]);
    link.b = site_of(between[1]);
    if (link.a == link.b) fault(between, "a link needs two different sites");
    const YAML::Node id = node["id"];
    link.id = id.IsDefined() ? identifier(id, "a link", 52)
                             : fmt::format("{}--{}", region_.sites[link.a].id, region_.sites[link.b].id);
    if (region_.find_link(link.id)) {
      fault(id.IsDefined() ? id : between, fmt::format("the link '{}' stands twice", link.id), "give the second an id");
    }
    read_link_settings(node, link);
    if (node["fault"].IsDefined()) link.fault = text(node["fault"], "fault");
    link.cost = node["cost"].IsDefined() ? duration(node["cost"], "cost") : link.forward.delay;
    if (link.cost <= Nanoseconds{0}) link.cost = Nanoseconds{1};  // Zero-cost links would tie every detour.
    region_.links.push_back(std::move(link));
  }

  void read_link_settings(const YAML::Node& node, Link& link) {
    const LinkKind& kind = kind_of(node["kind"], link.kind);
    if (link.kind.empty()) link.kind = "link";
    const Site& a = region_.sites[link.a];
    const Site& b = region_.sites[link.b];
    const double km = great_circle_km(a.latitude, a.longitude, b.latitude, b.longitude);
    SettingsChange forward;
    SettingsChange backward;
    read_directions(node, forward, backward);
    const SettingsChange own = read_settings(node);
    link.forward.delay = std::min(fibre_delay(km, kind.fibre_factor) + kind.extra_delay, kLongestDelay);
    kind.both.apply_to(link.forward);
    link.backward = link.forward;
    kind.forward.apply_to(link.forward);
    kind.backward.apply_to(link.backward);
    for (DirectionSettings* settings : {&link.forward, &link.backward}) own.apply_to(*settings);
    forward.apply_to(link.forward);
    backward.apply_to(link.backward);
  }

  void require_reachable(const YAML::Node& sites) {
    const RoutingTable routes(region_, {});
    for (std::size_t to = 1; to < region_.sites.size(); ++to) {
      if (routes.reaches(0, to) && routes.reaches(to, 0)) continue;
      fault(sites[to], fmt::format("no links join the site '{}' to '{}'", region_.sites[to].id, region_.sites[0].id),
            "add links over sites with transit (routers and exchanges have it)");
    }
  }

  Region region_;
  std::map<std::string, LinkKind> kinds_;
};

std::string place(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file : fmt::format("{}:{}:{}", file, mark.line + 1, mark.column + 1);
}

}  // namespace

Result<Region> parse_region(std::string_view yaml, const std::string& file) {
  constexpr const char* kOperation = "read region";
  if (yaml.size() > kMaxRegionBytes) return failure(ErrorCode::kInvalidArgument, kOperation, file, "longer than 1 MiB");
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    return RegionReader().read(root);
  } catch (const Fault& found) {
    return failure(ErrorCode::kInvalidArgument, kOperation, place(file, found.mark), found.reason, found.advice);
  } catch (const YAML::Exception& broken) {
    return failure(ErrorCode::kInvalidArgument, kOperation, place(file, broken.mark), broken.msg);
  }
}

}  // namespace gnomon::lab
