#pragma once

// How `gnomon speed --all` looks: a line while a method runs, one when it is over, the table and the verdict of each
// direction at the end. Pure functions.

#include <string>
#include <vector>

#include "cli/speed_all.h"
#include "cli/terminal.h"

namespace gnomon::cli {

std::string all_title(const SpeedAllRequest& request, const Terminal& terminal);
std::string all_progress(const std::string& name, schema::Direction direction, double bps, Nanoseconds at,
                         const Terminal& terminal);
// "down  TCP, one stream     94.2 Mbit/s", or why there is none.
std::string all_step(const MethodRun& run, const Terminal& terminal);
std::vector<std::string> all_table(const AccessDirection& direction, const Terminal& terminal);

}  // namespace gnomon::cli
