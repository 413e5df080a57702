#pragma once

// How many packets lost in a row are no chance. Pure; any thread.

#include <cstdint>

namespace gnomon {

// The chance that a path which loses packets one by one, at its usual ratio, begins so long a run with a given packet.
inline constexpr double kRunChance = 1e-10;

// The least length of a run of losses whose chance is at most kRunChance at a usual loss of `ratio` (0 to 1); never
// below 5: 5 up to 1 %, 8 at 5 %, 15 at 20 %, 34 from 50 % on, where a path is as good as silent.
std::uint32_t losses_beyond_chance(double ratio);

}  // namespace gnomon
