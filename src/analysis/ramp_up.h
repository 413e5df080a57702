#pragma once

// Where the ramp-up of a transfer ends: what comes before says how TCP starts, not what the path carries (RFC 6349 §3.3
// has the test begin after slow start for this reason).
//
// The level of the transfer is the median rate of its second half, in windows of 250 ms: a median, so that a stall of
// up to a quarter of the transfer does not move it. The ramp-up ends with the first window at 90 % of the level. When
// that window is above 120 % of it (slow start overshot, or a bucket was being emptied), it goes on until the rate has
// come down to 110 % and is then at 90 % again. Because only the first crossing counts, a later stall never lengthens
// the ramp-up, and one within it can but delay it. It takes at most half of the transfer: with less left, the mean of
// the rest would rest on too little.
//
// Why not MSER (White 1997), which seeks the cut that makes the rest's standard error least: tried on the same series,
// one stall in the first half makes it cut there, and a stall is something that the user had.

#include "analysis/delivery_curve.h"

namespace gnomon::analysis {

struct RampUp {
  Nanoseconds end{};     // since the first byte
  bool reached = false;  // false: no window came near the level in the first half, or the transfer is too short to say
};

inline constexpr Nanoseconds kRampWindow = std::chrono::milliseconds(250);

// A transfer shorter than eight windows has no level: its ramp-up is taken to be half of it.
RampUp ramp_up(const DeliveryCurve& curve);

}  // namespace gnomon::analysis
