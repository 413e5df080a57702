#include "lab/region.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/nearest_word.h"
#include "lab/bundled_regions.h"

namespace gnomon::lab {

namespace {

template <typename T>
std::optional<std::size_t> find_id(const std::vector<T>& items, std::string_view id) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].id == id) return i;
  }
  return std::nullopt;
}

template <typename T>
Result<std::size_t> require_id(const std::vector<T>& items, std::string_view id, const char* what) {
  if (const auto found = find_id(items, id)) return *found;
  std::vector<std::string> ids;
  for (const T& item : items) ids.push_back(item.id);
  auto near = nearest_word(id, ids);
  const auto longer =
      std::find_if(ids.begin(), ids.end(), [id](const std::string& one) { return one.starts_with(id); });
  if (!near && longer != ids.end()) near = *longer;
  return failure(ErrorCode::kNotFound, fmt::format("find {}", what), std::string(id),
                 fmt::format("the lab has no such {}", what),
                 near ? fmt::format("did you mean {}?", *near) : "'gnomon lab status' lists them");
}

}  // namespace

std::string_view to_string(SiteKind kind) {
  switch (kind) {
    case SiteKind::kCity:
      return "city";
    case SiteKind::kDatacentre:
      return "datacentre";
    case SiteKind::kExchange:
      return "exchange";
    case SiteKind::kCloud:
      return "cloud";
    case SiteKind::kFactory:
      return "factory";
    case SiteKind::kRoad:
      return "road";
    case SiteKind::kRouter:
      return "router";
  }
  return "city";
}

std::optional<std::size_t> Region::find_site(std::string_view id) const {
  return find_id(sites, id);
}
std::optional<std::size_t> Region::find_link(std::string_view id) const {
  return find_id(links, id);
}

Result<std::size_t> require_site(const Region& region, std::string_view id) {
  return require_id(region.sites, id, "site");
}
Result<std::size_t> require_link(const Region& region, std::string_view id) {
  return require_id(region.links, id, "link");
}

std::vector<std::string> bundled_regions() {
  std::vector<std::string> names;
  for (const BundledRegion& region : bundled_region_files()) names.emplace_back(region.name);
  return names;
}

Result<Region> load_region(const std::string& name) {
  for (const BundledRegion& region : bundled_region_files()) {
    if (region.name == name) return parse_region(region.yaml, fmt::format("{}.yaml (bundled)", name));
  }
  if (name.find_first_of("/.") == std::string::npos) {
    const auto near = nearest_word(name, bundled_regions());
    return failure(ErrorCode::kNotFound, "open region", name, "no region of this name ships with Gnomon",
                   near ? fmt::format("did you mean {}?", *near) : "give the path of a YAML file, or 'delta'");
  }
  std::ifstream stream(name, std::ios::binary);
  if (!stream) return errno_failure(errno, "open region", name);
  std::string text;
  text.resize(kMaxRegionBytes + 1);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_region(text, name);
}

}  // namespace gnomon::lab
