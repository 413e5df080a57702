#pragma once

// A scripted run of the journal and its ledger: groups are appended, segments rotate, the ledger signs, the index is
// written, the program ends and starts again. Before every operation of the disk the power is cut, in every way that
// segment::Loss knows; what is left is opened again and must hold all that was promised, then take the rest of the
// script.

#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace gnomon::simulation {

struct PowerLossOptions {
  std::size_t batches = 330;         // the 256th fills a tile
  std::uint64_t variants = 3;        // images of each kind of loss that depends on chance
  std::uint64_t nested_every = 101;  // of that many images one loses power again at each operation of its recovery
  std::uint64_t seed = 1;
};

struct PowerLossReport {
  std::uint64_t operations = 0;                                   // crash points of the script
  std::uint64_t images = 0;                                       // what was left and opened again
  std::uint64_t nested = 0;                                       // of them after a second loss, in the recovery
  std::uint64_t segments = 0, checkpoints = 0, index_writes = 0;  // of the script, uninterrupted
  std::uint64_t bytes_cut = 0;                                    // torn tails, all images together
  std::vector<std::string> faults;                                // the first hundred
  std::uint64_t fault_count = 0;
};

Result<PowerLossReport> power_loss(const PowerLossOptions& options);

}  // namespace gnomon::simulation
