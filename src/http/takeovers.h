#pragma once

// Threads for connections that were taken over: as many at once as allowed, each joined. start() from one thread;
// join_all() when no start() runs any more.

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

  [[nodiscard]] bool has_room();
  // Only with room. `work` throws nothing.
  void start(std::function<void()> work);
  void join_all();

 private:
  struct Worker {
    std::atomic<bool> done{false};
    std::thread thread;
  };
  const std::size_t most_;
  std::list<Worker> workers_;
};

}  // namespace gnomon::http
