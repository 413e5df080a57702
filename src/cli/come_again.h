#pragma once

// A server that tests for somebody else refuses, where its protocol has no line to wait in (UDPST, responsiveness): its
// client comes back until it is its turn. One thread.

#include <stop_token>
#include <string>

#include "core/clock.h"

namespace gnomon::cli {

class ComeAgain {
 public:
  explicit ComeAgain(std::stop_token stop, Nanoseconds patience = std::chrono::minutes(5),
                     Nanoseconds pause = std::chrono::seconds(2));
  // After a refusal: says on standard error, the first time, that it waits; blocks for the pause. False when patience
  // is at an end or a stop was asked for: the refusal stands.
  bool after(const std::string& refusal);

 private:
  std::stop_token stop_;
  Nanoseconds left_, pause_;
  bool has_said_ = false;
};

}  // namespace gnomon::cli
