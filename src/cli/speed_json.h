#pragma once

// `gnomon speed --json`: one object for the whole run. Rates in bit/s, times in nanoseconds where the name ends in _ns,
// processor time in seconds per 10^9 bytes. What is not known is null.

#include <optional>
#include <string>

#include "cli/speed_session.h"

namespace gnomon::cli {

std::string speed_json(const SpeedRequest& request, const std::optional<SpeedFigures>& download,
                       const std::optional<SpeedFigures>& upload);

}  // namespace gnomon::cli
