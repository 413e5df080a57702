#pragma once

// What the names in a measurement stand for: sites, targets and groups of a plan under reading. Only the plan parser's
// .cc files include this. One thread.

#include <map>
#include <string>
#include <vector>

#include "probe/plan_nodes.h"

namespace gnomon::probe {

struct PlanNames {
  std::vector<std::string> sites;
  const std::map<std::string, Target, std::less<>>* targets = nullptr;
  std::map<std::string, std::vector<std::string>, std::less<>> groups;  // names of targets

  // Every name there is, for hints.
  [[nodiscard]] std::vector<std::string> all() const;
  // The targets that a list of target, group and site names means, each once, in order. Unknown names are faults.
  [[nodiscard]] std::vector<std::string> targets_of(const std::vector<PlacedText>& names, std::string_view what,
                                                    FaultList& faults) const;
  // The sources that such a list means: site and target names as they are, groups taken apart.
  [[nodiscard]] std::vector<std::string> sources_of(const std::vector<PlacedText>& names, FaultList& faults) const;
};

// Reads `node` (a mapping) as options over `base`.
Options read_options(const KeyedNode& node, Options base, FaultList& faults);
std::optional<Measurement> read_measurement(const YAML::Node& node, std::size_t position, const Options& defaults,
                                            const PlanNames& names, FaultList& faults);
std::optional<SpeedTest> read_speed(const YAML::Node& node, std::size_t position, const PlanNames& names,
                                    FaultList& faults);
std::optional<Target> read_target(const YAML::Node& name_node, const YAML::Node& node,
                                  const std::vector<std::string>* declared_sites, FaultList& faults);

}  // namespace gnomon::probe
