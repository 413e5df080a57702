#include "probe/inbox.h"

namespace gnomon::probe {

void Inbox::push(InboxEvent event) {
  {
    const std::lock_guard lock(mutex_);
    if (events_.size() >= kWindowLimit && std::holds_alternative<WindowArrived>(event)) {
      ++lost_;
      return;
    }
    events_.push_back(std::move(event));
    if (events_.size() > 1) return;  // The worker was woken for the first one.
  }
  changed_.notify_one();
}

void Inbox::nudge() {
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  changed_.notify_one();
}

std::vector<InboxEvent> Inbox::take(const Clock& clock, MonotonicTime until) {
  std::unique_lock lock(mutex_);
  while (events_.empty() && !nudged_) {
    const Nanoseconds left = until - clock.now();
    if (left <= Nanoseconds{}) break;
    changed_.wait_for(lock, left);
  }
  nudged_ = false;
  return std::exchange(events_, {});
}

std::uint64_t Inbox::take_lost() {
  const std::lock_guard lock(mutex_);
  return std::exchange(lost_, 0);
}

}  // namespace gnomon::probe
