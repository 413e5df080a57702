#pragma once

// A thread that does one piece of work whenever it is told to, beside whoever tells it.
//
// Thread-safe; the work outlives it.

#include <condition_variable>
#include <cstdint>
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
  // Until the work that was due or in hand has ended, whatever became due meanwhile.
  void wait();
  // How the work that has ended since the last call failed, if any did: the last of them.
  Status take_failure();

 private:
  void run();

  std::function<Status()> work_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t told_ = 0;   // how often it was told to work
  std::uint64_t ended_ = 0;  // of these, those whose work has ended
  bool stopping_ = false;
  Status outcome_;
  std::thread thread_;
};

}  // namespace gnomon::store::duckdb
