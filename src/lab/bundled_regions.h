#pragma once

// The region files that ship inside the program: src/lab/regions/*.yaml, made into bundled_regions.cc by CMake.

#include <span>
#include <string_view>

namespace gnomon::lab {

struct BundledRegion {
  std::string_view name;
  std::string_view yaml;
};

std::span<const BundledRegion> bundled_region_files();

}  // namespace gnomon::lab
