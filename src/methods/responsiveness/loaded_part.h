#pragma once

// One load of a test: flows and probes as a ResponsivenessSearch wants them, until it is done. Blocks its thread.

#include "methods/responsiveness/course.h"
#include "methods/responsiveness/responsiveness.h"

namespace gnomon::methods::responsiveness {

struct LoadedSpec {
  Load load = Load::kDown;
  SearchOptions search;
  Nanoseconds probe_timeout{};
  const ProbeSpread& idle;
  std::stop_token stop;
};

// kUnavailable: stopped, or the server did not let a first flow begin.
Measured<WorkingConditions> measure_loaded(const Course& course, const LoadedSpec& spec, Random& random,
                                           ProgressSink* progress);

// The idle part, before any load: one foreign probe after the other.
Result<ProbeSpread> measure_idle(const Course& course, unsigned probes, Nanoseconds timeout,
                                 const std::stop_token& stop);

// Sketches of what probes brought.
ProbeSpread spread_of(const ProbeDelays& delays, std::uint64_t failed);

}  // namespace gnomon::methods::responsiveness
