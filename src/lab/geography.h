#pragma once

// Delay from places on the Earth. Pure functions.

#include "core/clock.h"

namespace gnomon::lab {

// Great-circle distance in km between two WGS-84 points in degrees, on a sphere of 6371.0088 km (the IUGG mean radius).
double great_circle_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b);

// One way through fibre at 200 km per ms (light in glass of index 1.5), over a route `fibre_factor` times as long as
// the great circle; rounded to the µs.
Nanoseconds fibre_delay(double km, double fibre_factor);

}  // namespace gnomon::lab
