#include "cli/come_again.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <utility>

#include "analysis/figure_text.h"

namespace gnomon::cli {

ComeAgain::ComeAgain(std::stop_token stop, Nanoseconds patience, Nanoseconds pause)
    : stop_(std::move(stop)), left_(patience), pause_(pause) {}

bool ComeAgain::after(const std::string& refusal) {
  if (left_ <= Nanoseconds{} || stop_.stop_requested()) return false;
  if (!std::exchange(has_said_, true)) {
    const auto longest = analysis::length_text(std::chrono::ceil<std::chrono::seconds>(left_)).en;
    fmt::print(stderr, "{}; asking again for {} at most, Ctrl-C stops\n", refusal, longest);
  }
  const Nanoseconds pause = std::min(left_, pause_);
  left_ -= pause;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, stop_, pause, [] { return false; });
  return !stop_.stop_requested();
}

}  // namespace gnomon::cli
