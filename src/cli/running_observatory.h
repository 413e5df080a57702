#pragma once

// From start to Ctrl-C: what `gnomon up` and `gnomon serve` do once their options are known.

#include <cstdint>
#include <string>

#include "cli/observatory_stack.h"

namespace gnomon::cli {

struct UpOptions {
  StackOptions stack;
  std::string lab_region;  // a bundled region's name or a file; empty: no lab
  std::string plan_file;
  std::string probe_name = "here";
  std::string probe_site;
  std::uint64_t lab_seed = 1;
};

// Runs until SIGINT, SIGTERM or SIGHUP, on the main thread, before any other thread exists. Returns the exit code.
int run_observatory(const UpOptions& options);

}  // namespace gnomon::cli
