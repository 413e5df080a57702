// links: lab
// max_len: 600 - a region with every field fits, and each line costs the YAML library microseconds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lab/region.h"

// A region file is a region or one Error with a place; never a crash, a hang or a region that breaks its promises.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto region = gnomon::lab::parse_region({reinterpret_cast<const char*>(bytes), size}, "fuzz");
  if (!region) {
    if (region.error().subject.substr(0, 4) != "fuzz") __builtin_trap();
    return 0;
  }
  for (const auto& link : region->links) {
    if (link.a >= region->sites.size() || link.b >= region->sites.size() || link.a == link.b) __builtin_trap();
    if (link.cost.count() <= 0 || link.forward.delay > gnomon::lab::kLongestDelay) __builtin_trap();
  }
  return 0;
}
