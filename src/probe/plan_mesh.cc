#include <algorithm>

#include "probe/plan.h"

namespace gnomon::probe {

Plan make_mesh_plan(const std::vector<MeshSite>& sites, const MeshPlanOptions& options) {
  Plan plan;
  plan.name = options.name;
  Measurement echo;
  echo.name = "mesh-echo";
  echo.shape = Shape::kMesh;
  echo.options.interval = options.echo_interval;
  echo.options.window = options.window;
  for (const MeshSite& site : sites) {
    const auto accesses = std::ranges::count(sites, site.site, &MeshSite::site);
    Target target;
    target.name = accesses > 1 && !site.access.empty() ? site.site + "-" + site.access : site.site;
    target.site = site.site;
    target.access = accesses > 1 ? site.access : "";
    target.addresses = site.addresses;
    if (std::ranges::find(plan.sites, site.site) == plan.sites.end()) plan.sites.push_back(site.site);
    echo.targets.push_back(target.name);
    if (site.measures) echo.sources.push_back(target.name);
    plan.targets.insert_or_assign(target.name, std::move(target));
  }
  Measurement stamp = echo;
  stamp.name = "mesh-stamp";
  stamp.options.method = Method::kStamp;
  stamp.options.interval = options.stamp_interval;
  stamp.options.port = options.stamp_port;
  stamp.options.stateful = options.stateful;
  stamp.options.payload_bytes = 44;  // RFC 8762 section 4.2.1
  plan.measurements = {std::move(echo), std::move(stamp)};
  return plan;
}

}  // namespace gnomon::probe
