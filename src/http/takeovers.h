#pragma once

// Threads for connections that were taken over: as many at once as allowed, each joined. take_place() and start() from
// one thread, open() from any; join_all() when no start() runs any more.

#include <atomic>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <thread>

namespace gnomon::http {

class Takeovers {
 public:
  explicit Takeovers(std::size_t most) : most_(most) {}
  ~Takeovers() { join_all(); }
  Takeovers(const Takeovers&) = delete;
  Takeovers& operator=(const Takeovers&) = delete;

  // Taken before the peer is told, held until its connection is over: while the word is on its way, others ask. None:
  // all are taken.
  using Place = std::shared_ptr<void>;
  [[nodiscard]] Place take_place();
  [[nodiscard]] std::size_t open() const { return *open_; }  // places taken
  // Who holds a place may start one. `work` throws nothing.
  void start(std::function<void()> work);
  void join_all();

 private:
  struct Worker {
    std::atomic<bool> done{false};
    std::thread thread;
  };
  void join_ended();
  const std::size_t most_;
  std::shared_ptr<std::atomic<std::size_t>> open_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::list<Worker> workers_;
};

}  // namespace gnomon::http
