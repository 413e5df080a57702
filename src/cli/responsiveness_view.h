#pragma once

// How `gnomon responsiveness` looks: the live line, the final block, the JSON. Pure functions of what was measured.

#include <string>
#include <vector>

#include "cli/terminal.h"
#include "methods/responsiveness/responsiveness.h"

namespace gnomon::cli {

std::string responsiveness_progress(const methods::responsiveness::Progress& progress, const Terminal& terminal);

std::vector<std::string> responsiveness_block(const methods::responsiveness::Responsiveness& result,
                                              const Terminal& terminal);

// One object, names in snake_case, delays in nanoseconds, rates in bit/s.
std::string responsiveness_json(const methods::responsiveness::Responsiveness& result);

}  // namespace gnomon::cli
