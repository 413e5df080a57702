#pragma once

// A row's figures as text for people and as one JSON object: {name, figures: [{what, value, unit, target, met}],
// machine, command}.

#include <string>

#include "bench/row.h"

namespace gnomon::bench {

// "2 × AMD EPYC 7B13, 23.4 GiB, Linux 6.18.5".
std::string machine();

std::string report_text(const Row& row, const Figures& figures);
std::string report_json(const Row& row, const Figures& figures, const std::string& command);

}  // namespace gnomon::bench
