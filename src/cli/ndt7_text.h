#pragma once

// An ndt7 result for people and for programs. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "methods/ndt7/ndt7_client.h"

namespace gnomon::cli {

// One line while it runs: rate of the last second and mean so far.
std::string ndt7_line(const Terminal& terminal, const schema::Transfer& transfer);
std::vector<std::string> ndt7_block(const Terminal& terminal, const methods::ndt7::Ndt7Result& result);
// One object on one line; names in snake_case, times in nanoseconds, unknown as null.
std::string ndt7_json(std::string_view url, const methods::ndt7::Ndt7Result& result);

}  // namespace gnomon::cli
