#pragma once

// A thread that does one piece of work whenever it is told to, beside whoever tells it.
//
// Thread-safe; the work outlives it.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "core/error.h"

namespace gnomon::store::duckdb {

class Keeper {
 public:
  explicit Keeper(std::function<Status()> work);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  // Lets the work in hand end.
  ~Keeper();

  // The work is due: it begins, or begins again when it has ended.
  void wake();
  // Until no work is due or in hand.
  void wait();
  // How the work that has ended since the last call failed, if any did: the last of them.
  Status take_failure();

 private:
  void run();

  std::function<Status()> work_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool due_ = false;
  bool working_ = false;
  bool stopping_ = false;
  Status outcome_;
  std::thread thread_;
};

}  // namespace gnomon::store::duckdb
