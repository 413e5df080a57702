#pragma once

// The words for the numbers of the schema's enumerations, as the API, JSON, CSV and the terminal write them.
// Pure functions.

#include <string_view>
#include <vector>

#include "schema/delay_window.h"

namespace gnomon::schema {

// "answered", "no_answer", "unreachable", "no_address", "not_sent"; "unspecified" for a number of a newer schema.
std::string_view to_string(Outcome outcome);
// "nic", "kernel", "user"; "unspecified" for none or a number of a newer schema.
std::string_view to_string(TimestampSource source);
// "clock_stepped", …, in the order of the bits; bits of a newer schema are left out.
std::vector<std::string_view> mark_names(std::uint32_t marks);

}  // namespace gnomon::schema
