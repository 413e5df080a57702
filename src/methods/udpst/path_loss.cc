#include "methods/udpst/path_loss.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace gnomon::methods::udpst {
namespace {

constexpr double kMostByChance = 0.05;

std::uint64_t offered_in(std::uint32_t received, std::uint32_t lost) {
  return std::uint64_t{received} + lost;
}

// Trials of [2^(n-1), 2^n) datagrams are of one size; what is two sizes less is less than half, mostly a quarter.
std::size_t size_of(std::uint64_t offered) {
  return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(offered)), 32);
}

}  // namespace

void PathLoss::note(std::uint32_t received, std::uint32_t lost) {
  Sum& sum = sums_[size_of(offered_in(received, lost))];
  sum.offered += offered_in(received, lost);
  sum.lost += lost;
}

std::uint32_t PathLoss::expected(std::uint32_t received, std::uint32_t lost) const {
  const auto offered = offered_in(received, lost);
  Sum below;
  for (std::size_t size = 0; size + 2 <= size_of(offered); ++size) {
    below.offered += sums_[size].offered;
    below.lost += sums_[size].lost;
  }
  if (below.lost == 0) return 0;
  const double ratio = static_cast<double>(below.lost) / static_cast<double>(below.offered);
  if (ratio > kMostByChance) return 0;
  const double mean = ratio * static_cast<double>(offered);
  return static_cast<std::uint32_t>(mean + 3 * std::sqrt(mean));
}

}  // namespace gnomon::methods::udpst
