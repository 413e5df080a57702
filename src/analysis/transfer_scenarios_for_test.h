#pragma once

// Transfers whose limit is known because it was put there: each binds at 70 % at most of what would bind next.

#include <string>

#include "analysis/transfer_scene_for_test.h"

namespace gnomon::analysis {

struct Scenario {
  Scene scene;
  std::string limit;  // "network_rate", "network_loss", "policer", "sender_cpu", "receiver_cpu", "receive_window",
                      // "send_buffer", "sender_application"
  schema::Direction direction = schema::Direction::kDown;
};

// The same number gives the same scenario. Of 200 in a row 64 are of a link, 24 of loss and of a policer, 20 of each
// processor and of the receive window, 14 of the send buffer and of the application.
Scenario scenario(std::uint64_t number);

}  // namespace gnomon::analysis
