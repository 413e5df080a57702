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
    due_ = true;
  }
  changed_.notify_all();
}

void Keeper::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !due_ && !working_; });
}

Status Keeper::take_failure() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcome_, {});
}

void Keeper::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return due_ || stopping_; });
    if (stopping_) return;
    due_ = false;
    working_ = true;
    lock.unlock();
    Status status = work_();
    lock.lock();
    working_ = false;
    if (!status) outcome_ = std::move(status);
    changed_.notify_all();
  }
}

}  // namespace gnomon::store::duckdb
