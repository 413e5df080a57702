#pragma once

// How `gnomon udpst` looks: lines while it runs, the block at the end, JSON. Pure functions of the result.

#include <string>
#include <vector>

#include "methods/udpst/result.h"

namespace gnomon::cli {

// One sub-interval in one line.
std::string sub_interval_line(const methods::udpst::SubInterval& sub_interval, bool utf8);

// What was found, in two to five lines; for a test that did not run, why.
std::vector<std::string> udp_capacity_lines(const methods::udpst::UdpCapacity& result, const std::string& host,
                                            bool utf8);

// One object, names in snake_case, times in ms, rates in bit/s.
std::string udp_capacity_json(const methods::udpst::UdpCapacity& result, const std::string& host);

}  // namespace gnomon::cli
