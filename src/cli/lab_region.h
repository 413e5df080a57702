#pragma once

// The running lab as the server's region: sites, links, routes, and what an admin does to links.
//
// Thread-safe. The lab outlives it; handlers given to on_link_change must be set before the lab changes.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "lab/lab.h"
#include "server/region_control.h"

namespace gnomon::cli {

class LabRegion final : public server::RegionControl {
 public:
  LabRegion(lab::Lab& lab, const Clock& clock);

  [[nodiscard]] server::RegionSnapshot snapshot() const override;
  Result<server::LinkOutcome> control(const server::LinkCommand& command) override;
  Result<std::vector<server::LinkTruth>> truth() const override;
  void on_link_change(std::function<void(const server::LinkEvent&)> handler) override;
  [[nodiscard]] std::optional<std::vector<std::string>> route(std::string_view source_site,
                                                              std::string_view target_site, int family) const override;
  [[nodiscard]] std::string run_at(std::string_view site, std::string_view access) const override;

  // The lab says that a link changed: tells the handler what happened to it.
  void link_changed(const std::string& link);

 private:
  std::shared_ptr<const lab::RoutingTable> routes_of(const std::vector<bool>& routed_round) const;

  lab::Lab& lab_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::function<void(const server::LinkEvent&)> handler_;
  std::map<std::string, server::RegionLink> last_;
  mutable std::vector<bool> routed_round_;
  mutable std::shared_ptr<const lab::RoutingTable> routes_;
};

}  // namespace gnomon::cli
