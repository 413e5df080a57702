#pragma once

// A mutex that goes to threads in the order in which they asked for it. std::mutex may go to the same thread again and
// again while others sleep: one that works through a queue then keeps those away for seconds who only want a look.
//
// Meets the standard's BasicLockable. Costs a switch of threads for each contended lock(); for locks that are held for
// microseconds by many threads std::mutex is better.

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace gnomon {

class FairMutex {
 public:
  void lock() {
    std::unique_lock guard(mutex_);
    const std::uint64_t own = next_++;
    turned_.wait(guard, [&] { return own == turn_; });
  }
  void unlock() {
    const std::lock_guard guard(mutex_);
    ++turn_;
    turned_.notify_all();  // under the lock: the object may go as soon as it is free
  }
  // Threads that have it or wait for it.
  [[nodiscard]] std::uint64_t asking() const {
    const std::lock_guard guard(mutex_);
    return next_ - turn_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable turned_;
  std::uint64_t next_ = 0;
  std::uint64_t turn_ = 0;  // whose it is
};

}  // namespace gnomon
