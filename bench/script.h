#pragma once

// Rows whose work is done by a script of the source tree.

#include <string>
#include <vector>

#include "bench/row.h"

namespace gnomon::bench {

// Runs `command` in the source tree and reads its figures from the last line of its output, one JSON object
// {"figures": [{"what", "value", "unit", "target": {"bound": "<=" or ">=", "value"}}]}; what it prints before that goes
// to stderr as it comes. The script finds the built programs in GNOMON_BUILD. kIo when it fails or says nothing.
Result<Figures> run_script(const RunOptions& options, const std::vector<std::string>& command);

}  // namespace gnomon::bench
