#include "probe/plan_names.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace gnomon::probe {
namespace {

void add_once(std::vector<std::string>& list, const std::string& name) {
  if (std::ranges::find(list, name) == list.end()) list.push_back(name);
}

}  // namespace

std::vector<std::string> PlanNames::all() const {
  std::vector<std::string> names;
  for (const auto& [name, members] : groups) add_once(names, name);
  for (const auto& [name, target] : *targets) add_once(names, name);
  for (const std::string& site : sites) add_once(names, site);
  return names;
}

std::vector<std::string> PlanNames::targets_of(const std::vector<PlacedText>& names, std::string_view what,
                                               FaultList& faults) const {
  std::vector<std::string> found;
  for (const auto& [name, mark] : names) {
    if (targets->contains(name)) {
      add_once(found, name);
    } else if (const auto group = groups.find(name); group != groups.end()) {
      for (const std::string& member : group->second) add_once(found, member);
    } else if (std::ranges::find(sites, name) != sites.end()) {
      const std::size_t before = found.size();
      for (const auto& [target_name, target] : *targets) {
        if (target.site == name) add_once(found, target_name);
      }
      if (found.size() == before) faults.add(mark, fmt::format("no target stands at site `{}`", name));
    } else {
      faults.add(mark,
                 fmt::format("{} names `{}`, which is no target, group or site{}", what, name, hint(name, all())));
    }
  }
  return found;
}

std::vector<std::string> PlanNames::sources_of(const std::vector<PlacedText>& names, FaultList& faults) const {
  std::vector<std::string> found;
  for (const auto& [name, mark] : names) {
    if (const auto group = groups.find(name); group != groups.end()) {
      for (const std::string& member : group->second) add_once(found, member);
    } else if (targets->contains(name) || std::ranges::find(sites, name) != sites.end()) {
      add_once(found, name);
    } else {
      std::vector<std::string> allowed = all();
      allowed.emplace_back("all");
      faults.add(mark,
                 fmt::format("`from` names `{}`, which is no site, target or group{}", name, hint(name, allowed)));
    }
  }
  return found;
}

}  // namespace gnomon::probe
