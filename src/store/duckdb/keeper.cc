#include "store/duckdb/keeper.h"

#include <utility>

namespace gnomon::store::duckdb {

Keeper::Keeper(std::function<Status()> work) : work_(std::move(work)) {
  thread_ = std::thread([this] { run(); });
}

Keeper::~Keeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Keeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++told_;
  }
  changed_.notify_all();
}

void Keeper::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, until = told_] { return ended_ >= until; });
}

Status Keeper::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcome_, {});
}

void Keeper::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return told_ > ended_ || stopping_; });
    if (stopping_) return;
    const std::uint64_t these = told_;
    lock.unlock();
    Status status = work_();
    lock.lock();
    ended_ = these;
    if (!status) outcome_ = std::move(status);
    changed_.notify_all();
  }
}

}  // namespace gnomon::store::duckdb
