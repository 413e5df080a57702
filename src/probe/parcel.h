#pragma once

// Signed batches of one probe that travel together, and what came back. Plain values.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "probe/delivery.h"

namespace gnomon::probe {

struct Parcel {
  std::size_t probe = 0;      // whose: an index that comes back with the answer
  std::uint64_t request = 0;  // action::Send::request
  std::vector<std::string> batches;
};

struct ParcelAnswer {
  std::size_t probe = 0;
  std::uint64_t request = 0;
  std::variant<std::vector<Ack>, Delivery::Failure> outcome;
};

}  // namespace gnomon::probe
