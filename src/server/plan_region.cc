#include "server/plan_region.h"

#include <algorithm>

namespace gnomon::server {

namespace {

tl::unexpected<Error> no_lab(std::string subject) {
  return failure(ErrorCode::kNotFound, "ask the lab", std::move(subject), "no lab runs here",
                 "start one with `gnomon up --lab delta`");
}

// A little wider than the sites, so that none lies on the edge.
std::optional<std::array<double, 4>> bounds_of(const std::vector<RegionSite>& sites) {
  constexpr double kMargin = 0.1;  // degrees
  std::optional<std::array<double, 4>> bounds;
  for (const RegionSite& site : sites) {
    if (!site.latitude || !site.longitude) continue;
    if (!bounds) bounds = {*site.longitude, *site.latitude, *site.longitude, *site.latitude};
    auto& [west, south, east, north] = *bounds;
    west = std::min(west, *site.longitude);
    south = std::min(south, *site.latitude);
    east = std::max(east, *site.longitude);
    north = std::max(north, *site.latitude);
  }
  if (!bounds) return bounds;
  auto& [west, south, east, north] = *bounds;
  west = std::max(-180.0, west - kMargin);
  south = std::max(-90.0, south - kMargin);
  east = std::min(180.0, east + kMargin);
  north = std::min(90.0, north + kMargin);
  return bounds;
}

}  // namespace

PlanRegion::PlanRegion(std::string name, std::vector<RegionSite> sites) {
  snapshot_.name = name;
  snapshot_.title = {name, name};
  snapshot_.bounds = bounds_of(sites);
  snapshot_.sites = std::move(sites);
}

PlanRegion PlanRegion::of_names(std::string name, const std::vector<std::string>& sites) {
  std::vector<RegionSite> all;
  for (const std::string& id : sites) {
    RegionSite site;
    site.id = id;
    site.name = {id, id};
    all.push_back(std::move(site));
  }
  return {std::move(name), std::move(all)};
}

Result<LinkOutcome> PlanRegion::control(const LinkCommand& command) {
  return no_lab(command.link);
}

Result<std::vector<LinkTruth>> PlanRegion::truth() const {
  return no_lab({});
}

}  // namespace gnomon::server
