#pragma once

// One's own network as a region: the sites that the plan names, without links; positions where they are known.
// Immutable, hence thread-safe.

#include <string>
#include <vector>

#include "server/region_control.h"

namespace gnomon::server {

class PlanRegion final : public RegionControl {
 public:
  // `sites` in the order of the plan; bounds are drawn around those with a position.
  PlanRegion(std::string name, std::vector<RegionSite> sites);
  // Sites by their names only.
  static PlanRegion of_names(std::string name, const std::vector<std::string>& sites);

  [[nodiscard]] RegionSnapshot snapshot() const override { return snapshot_; }
  Result<LinkOutcome> control(const LinkCommand& command) override;
  Result<std::vector<LinkTruth>> truth() const override;
  void on_link_change(std::function<void(const LinkEvent&)> /*handler*/) override {}  // no links, no changes

 private:
  RegionSnapshot snapshot_;
};

}  // namespace gnomon::server
