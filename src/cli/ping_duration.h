#pragma once

// Durations as users write them on the command line: "10ms", "0.2" (seconds), "1s", "500us". Pure function.

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace gnomon::cli {

// Nothing when the text is no duration, or not positive, or above a day.
std::optional<Nanoseconds> parse_duration(std::string_view text);

}  // namespace gnomon::cli
