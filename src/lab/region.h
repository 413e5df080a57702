#pragma once

// A region: the sites and links of a lab, as a YAML file describes them (docs/guides/lab.md,
// docs/schema/region.schema.json). Plain values; parsing is a pure function that any thread may call.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "lab/link_settings.h"

namespace gnomon::lab {

inline constexpr std::size_t kMaxSites = 200;  // A site's number is an octet of its IPv4 address.
inline constexpr std::size_t kMaxLinks = 1000;
inline constexpr std::size_t kMaxRegionBytes = 1 << 20;

enum class SiteKind : std::uint8_t { kCity, kDatacentre, kExchange, kCloud, kFactory, kRoad, kRouter };

// "city", "datacentre", …: the words of the file and of the API.
std::string_view to_string(SiteKind kind);

struct Site {
  std::string id;
  std::string name_en;
  std::string name_zh;
  SiteKind kind = SiteKind::kCity;
  double latitude = 0;  // WGS-84 degrees.
  double longitude = 0;
  std::vector<std::string> access;  // "fixed", "5g".
  bool measures = true;             // A vantage point: has a probe and is a target. Routers are not unless they say so.
  bool transit = false;             // Carries other sites' traffic. Routers and exchanges do.

  friend bool operator==(const Site&, const Site&) = default;
};

struct Link {
  std::string id;
  std::size_t a = 0;  // Index into Region::sites.
  std::size_t b = 0;
  std::string kind;
  DirectionSettings forward;   // From a to b.
  DirectionSettings backward;  // From b to a.
  Nanoseconds cost{0};         // For routing: the forward delay unless the file says otherwise.
  std::string fault;           // What is wrong with it on purpose; empty for most.

  friend bool operator==(const Link&, const Link&) = default;
};

struct Routing {
  bool ecmp = false;  // Use all next hops whose path is within `tolerance` of the best.
  Nanoseconds tolerance{0};
  std::optional<Nanoseconds> rerouting_after;  // How long after a failure routes go round it; never when not set.

  friend bool operator==(const Routing&, const Routing&) = default;
};

struct Region {
  std::string name;
  std::string title_en;
  std::string title_zh;
  Routing routing;
  std::vector<Site> sites;
  std::vector<Link> links;

  [[nodiscard]] std::optional<std::size_t> find_site(std::string_view id) const;
  [[nodiscard]] std::optional<std::size_t> find_link(std::string_view id) const;
  friend bool operator==(const Region&, const Region&) = default;
};

// `file` is the name used in faults: "FILE:LINE:COLUMN". The first fault found is the Error (kInvalidArgument), with
// the nearest valid word where a word is wrong. Every site of the result can reach every other.
Result<Region> parse_region(std::string_view yaml, const std::string& file);

// A region that ships inside the program ("delta"), or a file when `name` has a '/' or a '.'.
Result<Region> load_region(const std::string& name);
std::vector<std::string> bundled_regions();

// kNotFound with the nearest valid id.
Result<std::size_t> require_site(const Region& region, std::string_view id);
Result<std::size_t> require_link(const Region& region, std::string_view id);

}  // namespace gnomon::lab
