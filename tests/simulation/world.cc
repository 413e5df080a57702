#include "simulation/world.h"

#include <cstdio>

namespace gnomon::simulation {

void World::print(std::string_view who, const std::string& line) const {
  std::printf("%12.3f  %-9.*s %s\n", static_cast<double>(now_.count()) / 1e9, static_cast<int>(who.size()), who.data(),
              line.c_str());
}

}  // namespace gnomon::simulation
