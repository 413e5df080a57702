#pragma once

// Shortest paths over a region's links by cost, with equal-cost multipath where the region asks for it: the model
// behind the kernel's routes and behind the answer to "who used this link?". Immutable after building; any thread may
// read it.

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "lab/region.h"

namespace gnomon::lab {

struct NextHop {
  std::size_t link = 0;  // Index into Region::links.
  std::size_t site = 0;  // The site at its other end.
  friend bool operator==(const NextHop&, const NextHop&) = default;
};

class RoutingTable {
 public:
  // `without[link]` is true for links that carry no routes; empty: all links do. Traffic passes only through sites with
  // `transit`.
  RoutingTable(const Region& region, const std::vector<bool>& without);

  // Where `from` sends packets to `to`: one next hop, or several of equal cost. Every hop is strictly nearer, so that
  // no packet goes round in circles. Empty when there is no way, or from == to.
  [[nodiscard]] const std::vector<NextHop>& next_hops(std::size_t from, std::size_t to) const {
    return hops_[to * sites_ + from];
  }
  [[nodiscard]] bool reaches(std::size_t from, std::size_t to) const {
    return from == to || !next_hops(from, to).empty();
  }
  // The share of flows from `from` to `to` that cross any link of `links` (true = in the set), if flows spread evenly
  // over equal-cost next hops; 1 when there is no way at all.
  [[nodiscard]] double share_over(std::size_t from, std::size_t to, const std::vector<bool>& links) const;

 private:
  std::size_t sites_ = 0;
  std::vector<std::vector<NextHop>> hops_;  // [to * sites_ + from]
};

// Ordered pairs of measuring sites, and what broken links do to their round trips.
struct PairUse {
  std::size_t pairs = 0;
  std::size_t lose_all = 0;                                 // Every flow, there or back, crosses a broken link.
  std::size_t lose_part = 0;                                // Some do: equal-cost paths go both over and past it.
  std::vector<std::pair<std::string, std::string>> losing;  // Those of lose_all by their sites' ids: from, to.
};

PairUse count_pairs(const Region& region, const RoutingTable& routes, const std::vector<bool>& broken_links);

}  // namespace gnomon::lab
