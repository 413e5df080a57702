#pragma once

// One `gnomon speed`: the directions one after the other, shown while they run and summed up at the end.

#include <optional>
#include <string>
#include <vector>

#include "cli/speed_judge.h"
#include "core/error.h"
#include "methods/capacity/client.h"

namespace gnomon::cli {

struct SpeedRequest {
  std::string target;  // as the user wrote it
  methods::capacity::ClientOptions options;
  std::vector<schema::Direction> directions;
  bool whole_time = false;  // do not stop when the figure is precise enough
  bool json = false;
  std::string record;  // file for the samples (speed_record.h); empty: none
};

// What a direction ended with: 0 measured, 1 nothing came through or it broke off.
Result<int> run_speed(const SpeedRequest& request);

}  // namespace gnomon::cli
