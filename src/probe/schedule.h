#pragma once

// From a plan to the paths that one probe measures, when each starts, and how fast it may go. Pure functions.

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/units.h"
#include "probe/plan.h"

namespace gnomon::probe {

// Who a probe is, in the plan's words.
struct Place {
  std::string name;    // as the operator named the probe
  std::string site;    // where it stands; may be empty
  std::string access;  // which access network it uses; may be empty
};

// The place's own probe or reflector is this target.
bool stands_at(const Place& place, const Target& target);
// One of the sources (sites, targets, probes' names) names this place.
bool is_among(const Plan& plan, const Place& place, const std::vector<std::string>& sources);
bool family_is_wanted(FamilyChoice choice, Family family);

// One path that this probe measures. `address` is empty while the target is a host name not yet resolved.
struct PlannedPath {
  std::string item;
  std::string target;
  std::string target_site;
  std::string host;
  std::string address;
  Family family = Family::kIpv4;
  std::string access;
  Options options;  // `family` and `access` are those of the item, already applied
  Port port;        // stamp: the reflector's

  // What makes it this path and no other; two paths with equal keys are never both in one list.
  [[nodiscard]] std::string key() const;
  friend bool operator==(const PlannedPath&, const PlannedPath&) = default;
};

// The paths of this probe, in the plan's order. A target with literal addresses gives a path for each family it has; a
// host name one for each family asked for. A probe never measures itself; in a mesh or star, nor its own site.
std::vector<PlannedPath> paths_of(const Plan& plan, const Place& place);

// When the path's first packet leaves, after the start of an interval: spread over [0, interval) by a hash of probe and
// path, so that a fleet never fires at once and a restart changes nothing.
Nanoseconds phase_of(std::string_view probe, const PlannedPath& path);

// Lengthens the intervals of paths to one address (or, unresolved, one host) until they keep to the plan's limits: at
// most per_target packets/s, and at most this probe's share of fleet_per_target, which is divided equally among the
// sources that the plan names for the target ("all" counts as the number of sites, at least 1). All paths to an address
// are lengthened by the same factor. Returns the addresses that had to be slowed down.
std::vector<std::string> keep_limits(const Plan& plan, std::vector<PlannedPath>& paths);

}  // namespace gnomon::probe
