#pragma once

// A batch of the simulation as text: what a SignedBatch is to the real thing. Windows are numbers, given once.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/delivery.h"

namespace gnomon::simulation {

using WindowId = std::uint64_t;

struct BatchText {
  std::uint64_t sequence = 0;
  std::vector<WindowId> windows;
  std::vector<probe::DroppedRange> dropped;
};

std::string encode(const BatchText& batch);
BatchText decode(std::string_view text);

}  // namespace gnomon::simulation
