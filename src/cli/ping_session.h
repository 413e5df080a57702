#pragma once

// Runs one `gnomon ping`: an engine with one path, signals, and the view. Blocks until the count is reached or the user
// stops it. Main thread only; blocks SIGINT, SIGTERM and SIGWINCH for the process from then on.

#include <string>

#include "cli/ping_view.h"
#include "core/error.h"
#include "methods/method.h"

namespace gnomon::cli {

struct PingRequest {
  PingSubject subject;
  methods::DelaySpec spec;
  bool json = false;
};

// True when at least one packet was answered.
Result<bool> run_ping(const PingRequest& request);

}  // namespace gnomon::cli
