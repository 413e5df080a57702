#pragma once

// A site's interfaces and its kernel routes, told from the region. `put_site_routes` runs inside the site's namespace
// (it looks up interface indices).

#include <cstddef>
#include <string>
#include <vector>

#include "lab/region.h"
#include "lab/routing.h"
#include "lab/rtnetlink.h"

namespace gnomon::lab {

struct SiteInterface {
  std::string name;  // eth0, eth1, … in the order of the region's links.
  std::size_t link = 0;
  int end = 0;  // 0: the site is the link's a.
};

std::vector<SiteInterface> site_interfaces(const Region& region, std::size_t site);

// Messages that make the routes: one per address of every other site, over all next hops of equal cost; besides, a site
// without transit has a default route to its nearest neighbour (and nothing else, when that is its only one).
// `unwanted` deletes the routes to sites that cannot be reached.
Status put_site_routes(const Region& region, const RoutingTable& routes, std::size_t site, NetlinkBatch& wanted,
                       NetlinkBatch& unwanted);

}  // namespace gnomon::lab
