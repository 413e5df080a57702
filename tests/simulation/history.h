#pragma once

// One seed, one history: a probe and a server that crash, a network that loses, doubles and delays, a disk that fills
// up, a wall clock that steps. Virtual time; one thread; the same seed always gives the same history.

#include <cstdint>
#include <string>

#include "probe/delivery.h"

namespace gnomon::simulation {

struct Bugs {
  probe::Mutant probe = probe::Mutant::kNone;
  bool server_acknowledges_early = false;
};

struct Outcome {
  std::string violation;          // empty: all held
  std::uint64_t fingerprint = 0;  // of the history's events; equal for equal seeds
  std::size_t batches_applied = 0;
  std::size_t ranges_reported = 0;  // dropped ranges that reached the server
  std::size_t probe_crashes = 0;
  std::size_t server_crashes = 0;
  std::size_t disk_full = 0;
};

// `narrate` prints every event.
Outcome run_history(std::uint64_t seed, const Bugs& bugs = {}, bool narrate = false);

}  // namespace gnomon::simulation
