#pragma once

// One `gnomon speed --all`: takes the turn, runs the methods, shows each as it ends and all together at the end.

#include "cli/speed_all.h"
#include "core/error.h"

namespace gnomon::cli {

// The process's exit code (exit_code_of). Errors: nothing of it could be asked for.
Result<int> run_speed_all(const SpeedAllRequest& request);

}  // namespace gnomon::cli
