#pragma once

// `gnomon speed --all --json`: one object (docs/methods/reconciliation.md). Names and units as `gnomon speed --json`;
// what is not known is null. Pure.

#include <string>

#include "cli/speed_all.h"

namespace gnomon::cli {

std::string speed_all_json(const SpeedAllRequest& request, const SpeedAllResult& result);

}  // namespace gnomon::cli
