#include "analysis/ramp_up.h"

#include <cmath>

namespace gnomon::analysis {

namespace {

constexpr double kReached = 0.9;
constexpr double kOvershot = 1.2;
constexpr double kCameDown = 1.1;
constexpr int kFewestWindows = 8;

// The number of the window with which the ramp-up ends; all of them when none does.
std::size_t last_window(const std::vector<double>& rates, double level) {
  enum class Phase : std::uint8_t { kRising, kAbove, kRisingAgain } phase = Phase::kRising;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    if (phase == Phase::kAbove && rates[i] <= kCameDown * level) phase = Phase::kRisingAgain;
    if (phase == Phase::kAbove || rates[i] < kReached * level) continue;
    if (phase == Phase::kRising && rates[i] > kOvershot * level) {
      phase = Phase::kAbove;
      continue;
    }
    return i;
  }
  return rates.size();
}

}  // namespace

RampUp ramp_up(const DeliveryCurve& curve) {
  const double width = std::chrono::duration<double>(kRampWindow).count();
  const int windows = static_cast<int>(std::floor(curve.end() / width));
  const auto half = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(curve.end() / 2));
  if (windows < kFewestWindows) return {half, false};
  const std::vector<double> rates = curve.rates(0, windows * width, windows);
  const double level = quantile_of({rates.begin() + windows / 2, rates.end()}, 0.5);
  const auto last = static_cast<std::int64_t>(last_window(rates, level));
  if (level <= 0 || (last + 1) * kRampWindow > half) return {half, false};
  return {(last + 1) * kRampWindow, true};
}

}  // namespace gnomon::analysis
