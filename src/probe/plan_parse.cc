#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "probe/plan.h"
#include "probe/plan_names.h"
#include "probe/plan_words.h"

namespace gnomon::probe {
namespace {

// More than any plan that a person or a program would write for one fleet; bounds memory on hostile input.
constexpr std::size_t kTargetLimit = 20'000;
constexpr std::size_t kMeasurementLimit = 1'000;

std::vector<std::string> read_sites(const YAML::Node& node, FaultList& faults) {
  std::vector<std::string> sites;
  for (const auto& [text, mark] : read_texts(node, "sites", faults)) {
    if (std::ranges::find(sites, text) != sites.end()) {
      faults.add(mark, fmt::format("site `{}` is given twice; keep one", text));
    } else {
      sites.push_back(text);
    }
  }
  return sites;
}

void read_targets(const YAML::Node& node, const std::vector<std::string>* sites, Plan& plan, FaultList& faults) {
  if (!node.IsMap() || node.size() == 0) {
    faults.add(node, "targets must be a mapping from names to targets, such as `gateway: {addresses: [192.0.2.1]}`");
    return;
  }
  if (node.size() > kTargetLimit) {
    faults.add(node, fmt::format("a plan has at most {} targets; split it", kTargetLimit));
    return;
  }
  for (const auto& field : node) {
    auto target = read_target(field.first, field.second, sites, faults);
    if (!target) continue;
    const std::string name = target->name;
    if (!plan.targets.emplace(name, std::move(*target)).second) {
      faults.add(field.first, fmt::format("target `{}` is given twice; keep one", name));
    }
  }
}

void read_groups(const YAML::Node& node, PlanNames& names, FaultList& faults) {
  if (!node.IsMap()) {
    faults.add(node, "groups must be a mapping from names to lists of targets, such as `core: [a, b]`");
    return;
  }
  PlanNames plain = names;  // A group holds targets and sites, no groups: so none can hold itself.
  for (const auto& field : node) {
    const auto name = read_name(field.first, "a group's name", faults);
    if (!name) continue;
    if (names.targets->contains(*name) || std::ranges::find(names.sites, *name) != names.sites.end() ||
        *name == words::kEveryProbe) {
      faults.add(field.first,
                 fmt::format("group `{}` has the name of a target or site, or the reserved name `all`", *name));
      continue;
    }
    auto members = plain.targets_of(read_texts(field.second, fmt::format("group `{}`", *name), faults),
                                    fmt::format("group `{}`", *name), faults);
    if (!names.groups.emplace(*name, std::move(members)).second) {
      faults.add(field.first, fmt::format("group `{}` is given twice; keep one", *name));
    }
  }
}

void read_limits(const YAML::Node& node, Limits& limits, FaultList& faults) {
  const KeyedNode fields(node, "limits", words::kLimits, faults);
  if (const auto* n = fields.find("per_target")) {
    limits.per_target = read_rate(*n, "per_target", 0.001, 10'000, faults).value_or(limits.per_target);
  }
  if (const auto* n = fields.find("fleet_per_target")) {
    limits.fleet_per_target = read_rate(*n, "fleet_per_target", 0.001, 1e6, faults).value_or(limits.fleet_per_target);
  }
  if (const auto* n = fields.find("data_per_month")) limits.data_per_month = read_bytes(*n, "data_per_month", faults);
}

void read_measurements(const YAML::Node& node, const Options& defaults, const PlanNames& names, Plan& plan,
                       FaultList& faults) {
  if (!node.IsSequence() || node.size() == 0) {
    faults.add(node,
               "measurements must be a list with at least one item, such as `- {name: ping, from: all, to: gateway}`");
    return;
  }
  if (node.size() > kMeasurementLimit) {
    faults.add(node, fmt::format("a plan has at most {} measurements; split it", kMeasurementLimit));
    return;
  }
  std::size_t position = 0;
  for (const auto& item : node) {
    auto measurement = read_measurement(item, ++position, defaults, names, faults);
    if (!measurement) continue;
    const bool doubled =
        std::ranges::find(plan.measurements, measurement->name, &Measurement::name) != plan.measurements.end();
    if (doubled && !measurement->name.empty()) {
      faults.add(item, fmt::format("a second measurement is named `{}`; names must differ", measurement->name));
    }
    plan.measurements.push_back(std::move(*measurement));
  }
}

void read_speed_tests(const YAML::Node& node, const PlanNames& names, Plan& plan, FaultList& faults) {
  if (!node.IsSequence() || node.size() == 0 || node.size() > kMeasurementLimit) {
    faults.add(node,
               fmt::format("speed must be a list of 1 to {} tests, such as `- {{name: access, from: all, to: dc-1}}`",
                           kMeasurementLimit));
    return;
  }
  std::size_t position = 0;
  for (const auto& item : node) {
    auto test = read_speed(item, ++position, names, faults);
    if (!test) continue;
    const auto has_name = [&](const auto& other) { return !test->name.empty() && other.name == test->name; };
    if (std::ranges::any_of(plan.speed, has_name) || std::ranges::any_of(plan.measurements, has_name)) {
      faults.add(item, fmt::format("a second item is named `{}`; names must differ", test->name));
    }
    plan.speed.push_back(std::move(*test));
  }
}

// Sites come from `sites`, or else from the targets.
std::vector<std::string> sites_of(const Plan& plan) {
  std::vector<std::string> sites = plan.sites;
  for (const auto& [name, target] : plan.targets) {
    if (!target.site.empty() && std::ranges::find(sites, target.site) == sites.end()) sites.push_back(target.site);
  }
  return sites;
}

Plan read_plan(const YAML::Node& root, FaultList& faults) {
  Plan plan;
  const KeyedNode fields(root, "the plan", words::kPlan, faults);
  if (!root.IsMap()) return plan;
  if (const auto* n = fields.find("name")) plan.name = read_name(*n, "the plan's name", faults).value_or("");
  if (const auto* n = fields.find("sites")) plan.sites = read_sites(*n, faults);
  const bool declared = fields.has("sites");
  if (const auto* n = fields.find("targets")) {
    read_targets(*n, declared ? &plan.sites : nullptr, plan, faults);
  } else {
    faults.add(fields.place(), "the plan has no `targets`; name at least one host to measure");
  }
  plan.sites = sites_of(plan);
  PlanNames names{plan.sites, &plan.targets, {}};
  if (const auto* n = fields.find("groups")) read_groups(*n, names, faults);
  if (const auto* n = fields.find("limits")) read_limits(*n, plan.limits, faults);
  Options defaults;
  if (const auto* n = fields.find("defaults")) {
    defaults = read_options(KeyedNode(*n, "defaults", words::kOptions, faults), defaults, faults);
  }
  const auto* measurements = fields.find("measurements");
  if (measurements != nullptr) {
    read_measurements(*measurements, defaults, names, plan, faults);
  } else if (!fields.has("speed")) {
    faults.add(fields.place(), "the plan has neither `measurements` nor `speed`; say who measures whom");
  }
  if (const auto* n = fields.find("speed")) read_speed_tests(*n, names, plan, faults);
  return plan;
}

}  // namespace

PlanReading parse_plan(std::string_view text) {
  FaultList faults;
  PlanReading reading;
  if (text.size() > kPlanTextLimit) {
    faults.add(TextPlace{}, fmt::format("the plan is larger than {} bytes; split it", kPlanTextLimit));
    reading.faults = faults.take();
    return reading;
  }
  try {
    Plan plan = read_plan(YAML::Load(std::string(text)), faults);
    reading.faults = faults.take();
    if (reading.faults.empty()) reading.plan = std::move(plan);
  } catch (const YAML::Exception& exception) {
    faults.add(place_of(exception.mark), "not YAML: " + exception.msg);
    reading.faults = faults.take();
  }
  return reading;
}

}  // namespace gnomon::probe
