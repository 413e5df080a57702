#pragma once

// The lab's answers as JSON text, in the terms of the HTTP API: delays in µs, ratios, rates in bit/s, queue in ms.
// Pure.

#include <string>
#include <vector>

#include "core/error.h"
#include "lab/lab.h"

namespace gnomon::lab {

// {name, lab, title, bounds, sites:[…], links:[…], emulator:{…}}; sites and links as in GET /api/v1/region, and more.
std::string region_json(const Lab& lab);
// One link as in GET /api/v1/region.
std::string link_json(const LinkSnapshot& link);
std::string links_json(const std::vector<LinkSnapshot>& links);
// {links:[{id, a, b, state, forward:{settings, received, …, given_us:{p50, p95, p99, max, mean}}, backward}], …}
std::string truth_json(const Truth& truth);
// {link, message:{en, zh}, paths_using, pairs:{total, lose_all, lose_part}}
std::string change_json(const ChangeReport& change);
// {error:{code, message, …}}, and back.
std::string error_json(const Error& error);

}  // namespace gnomon::lab
