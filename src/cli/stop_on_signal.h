#pragma once

// Turns the first SIGINT or SIGTERM into a stop request and a flag, while it lives; a second one ends the process as
// usual. Made on the main thread before others are, so that they inherit what it blocks.

#include <atomic>
#include <stop_token>
#include <thread>

#include "net/file_descriptor.h"

namespace gnomon::cli {

class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  [[nodiscard]] const std::atomic<bool>& flag() const { return flag_; }

 private:
  std::stop_source stop_;
  std::atomic<bool> flag_{false};
  net::FileDescriptor signals_, end_;
  std::thread thread_;
};

}  // namespace gnomon::cli
