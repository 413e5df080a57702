#pragma once

// How `gnomon speed` looks: the live lines, the summary of a direction. Pure functions of what was seen.

#include <string>
#include <vector>

#include "cli/speed_session.h"
#include "cli/terminal.h"

namespace gnomon::cli {

// "up to dc-2.lab (192.0.2.7:24601)   TCP, 4 streams".
std::string speed_title(const SpeedRequest& request, const Terminal& terminal);
// While it waits in line.
std::string speed_wait(std::uint64_t tests, Nanoseconds time, const Terminal& terminal);
// While it runs: direction, present rate, the rates so far as bars, time.
std::string speed_progress(const schema::Transfer& transfer, const Terminal& terminal);
// Two to four lines.
std::vector<std::string> speed_summary(const SpeedFigures& figures, const Terminal& terminal);

}  // namespace gnomon::cli
