#pragma once

// Many seeds on all cores: a process for each, so that what one seed's run did to its memory cannot reach another's.

#include <functional>

#include "core/error.h"
#include "simulation/run.h"

namespace gnomon::simulation {

struct SoakOptions {
  std::uint64_t first = 1;
  std::uint64_t seeds = UINT64_MAX;
  double seconds = 0;  // stop then; 0: no limit
  int processes = 0;   // 0: one for each core
  std::uint64_t stop_after_violations = 20;
};

struct Violation {
  std::uint64_t seed = 0;
  std::string invariant;
  std::string text;
};

struct SoakReport {
  std::uint64_t seeds = 0;
  double machine_seconds = 0;  // from start to end, by the clock on the wall
  double simulated_hours = 0;
  std::uint64_t events = 0, batches = 0, windows = 0, checkpoints = 0, ranges = 0, crashes = 0;
  std::vector<Violation> violations;  // by seed
};

// Runs first, first + 1, … The log of the programs under test goes nowhere meanwhile.
Result<SoakReport> soak(const SoakOptions& options);

}  // namespace gnomon::simulation
