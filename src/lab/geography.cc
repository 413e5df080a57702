#include "lab/geography.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gnomon::lab {

double great_circle_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b) {
  constexpr double kRadiusKm = 6371.0088;
  constexpr double kRadians = std::numbers::pi / 180;
  const double half_lat = std::sin((latitude_b - latitude_a) * kRadians / 2);
  const double half_lon = std::sin((longitude_b - longitude_a) * kRadians / 2);
  const double h =
      half_lat * half_lat + std::cos(latitude_a * kRadians) * std::cos(latitude_b * kRadians) * half_lon * half_lon;
  return 2 * kRadiusKm * std::asin(std::sqrt(std::min(1.0, h)));
}

Nanoseconds fibre_delay(double km, double fibre_factor) {
  constexpr double kKmPerMicrosecond = 0.2;
  return std::chrono::microseconds(std::llround(km * fibre_factor / kKmPerMicrosecond));
}

}  // namespace gnomon::lab
