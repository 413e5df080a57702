#include "lab/routing.h"

#include <limits>
#include <queue>
#include <utility>

namespace gnomon::lab {

namespace {

constexpr Nanoseconds kFar{std::numeric_limits<std::int64_t>::max() / 4};

struct Neighbour {
  std::size_t link;
  std::size_t site;
  Nanoseconds cost;
};

std::vector<std::vector<Neighbour>> neighbours_of(const Region& region, const std::vector<bool>& without) {
  std::vector<std::vector<Neighbour>> neighbours(region.sites.size());
  for (std::size_t i = 0; i < region.links.size(); ++i) {
    if (!without.empty() && without[i]) continue;
    const Link& link = region.links[i];
    neighbours[link.a].push_back({i, link.b, link.cost});
    neighbours[link.b].push_back({i, link.a, link.cost});
  }
  return neighbours;
}

// Costs from every site to `to` (costs are symmetric, so the search runs from `to`).
std::vector<Nanoseconds> distances(const Region& region, const std::vector<std::vector<Neighbour>>& neighbours,
                                   std::size_t to) {
  std::vector<Nanoseconds> distance(region.sites.size(), kFar);
  using Entry = std::pair<Nanoseconds, std::size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  distance[to] = Nanoseconds{0};
  open.emplace(Nanoseconds{0}, to);
  while (!open.empty()) {
    const auto [far, site] = open.top();
    open.pop();
    if (far > distance[site]) continue;
    if (site != to && !region.sites[site].transit) continue;  // Packets may start here, but not pass.
    for (const Neighbour& next : neighbours[site]) {
      if (far + next.cost >= distance[next.site]) continue;
      distance[next.site] = far + next.cost;
      open.emplace(distance[next.site], next.site);
    }
  }
  return distance;
}

}  // namespace

RoutingTable::RoutingTable(const Region& region, const std::vector<bool>& without)
    : sites_(region.sites.size()), hops_(sites_ * sites_) {
  const auto neighbours = neighbours_of(region, without);
  for (std::size_t to = 0; to < sites_; ++to) {
    const auto distance = distances(region, neighbours, to);
    for (std::size_t from = 0; from < sites_; ++from) {
      if (from == to || distance[from] >= kFar) continue;
      const Nanoseconds worst = distance[from] + (region.routing.ecmp ? region.routing.tolerance : Nanoseconds{0});
      for (const Neighbour& next : neighbours[from]) {
        const bool passable = next.site == to || region.sites[next.site].transit;
        const bool nearer = distance[next.site] < distance[from];
        if (!passable || !nearer || distance[next.site] + next.cost > worst) continue;
        auto& hops = hops_[to * sites_ + from];
        if (!region.routing.ecmp && !hops.empty()) break;
        hops.push_back({next.link, next.site});
      }
    }
  }
}

double RoutingTable::share_over(std::size_t from, std::size_t to, const std::vector<bool>& links) const {
  // Every hop is strictly nearer to `to`, so that each site's share is final after as many rounds as there are sites;
  // in practice a few, as rounds end when nothing moves.
  std::vector<double> share(sites_, 0.0);
  share[from] = 1;
  double over = 0;
  for (std::size_t round = 0; round < sites_; ++round) {
    std::vector<double> moved(sites_, 0.0);
    bool moving = false;
    for (std::size_t site = 0; site < sites_; ++site) {
      if (share[site] == 0 || site == to) continue;
      const auto& hops = next_hops(site, to);
      if (hops.empty()) return 1;
      for (const NextHop& hop : hops) {
        const double part = share[site] / static_cast<double>(hops.size());
        (links[hop.link] ? over : moved[hop.site]) += part;
      }
      moving = true;
    }
    if (!moving) break;
    share = std::move(moved);
  }
  return over;
}

PairUse count_pairs(const Region& region, const RoutingTable& routes, const std::vector<bool>& broken_links) {
  constexpr double kAll = 1 - 1e-9;
  constexpr double kNone = 1e-9;
  PairUse use;
  for (std::size_t from = 0; from < region.sites.size(); ++from) {
    for (std::size_t to = 0; to < region.sites.size(); ++to) {
      if (from == to || !region.sites[from].measures || !region.sites[to].measures) continue;
      ++use.pairs;
      const double there = routes.share_over(from, to, broken_links);
      const double back = routes.share_over(to, from, broken_links);
      const double lost = 1 - (1 - there) * (1 - back);
      if (lost > kAll) {
        ++use.lose_all;
        use.losing.emplace_back(region.sites[from].id, region.sites[to].id);
      } else if (lost > kNone) {
        ++use.lose_part;
      }
    }
  }
  return use;
}

}  // namespace gnomon::lab
