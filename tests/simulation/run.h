#pragma once

// One seed, one run: a server and up to four probes, troubles for minutes to hours of virtual time, then peace, in
// which everything must come to rest and add up. The same seed always gives the same run.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/clock.h"

namespace gnomon::simulation {

struct Outcome {
  std::string invariant;          // the first that was violated; empty: all held
  std::string violation;          // how
  std::uint64_t fingerprint = 0;  // of the run's events; equal for equal seeds
  Nanoseconds simulated{};
  std::uint64_t events = 0;
  std::uint64_t batches = 0;  // in the journal
  std::uint64_t windows = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t ranges = 0;   // dropped ranges that reached the server
  std::uint64_t crashes = 0;  // of either end
};

// `scratch`: a folder for the file of enrolled keys. `trace` prints every event.
Outcome run_seed(std::uint64_t seed, const std::filesystem::path& scratch, bool trace = false);

}  // namespace gnomon::simulation
