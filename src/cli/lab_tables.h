#pragma once

// The lab's JSON answers (lab/lab_json.h) as tables for a terminal. Pure functions.

#include <string>

namespace gnomon::cli {

std::string lab_status_table(const std::string& region_json);
// Links with traffic, or all of them.
std::string lab_truth_table(const std::string& truth_json, bool all);
std::string lab_bench_table(const std::string& bench_json);

}  // namespace gnomon::cli
