#include "core/loss_run.h"

#include <algorithm>
#include <cmath>

namespace gnomon {
namespace {

constexpr std::uint32_t kLeast = 5;
constexpr double kGreatestRatio = 0.5;

}  // namespace

std::uint32_t losses_beyond_chance(double ratio) {
  if (!(ratio > 0)) return kLeast;
  const double length = std::log(kRunChance) / std::log(std::min(ratio, kGreatestRatio));
  constexpr double kRounding = 1e-9;  // 1 % is exactly five
  return std::max(kLeast, static_cast<std::uint32_t>(std::ceil(length - kRounding)));
}

}  // namespace gnomon
