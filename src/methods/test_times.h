#pragma once

// When capacity tests filled the access of a place, so that everything else that was measured there meanwhile can be
// marked (schema::kMarkCapacityTest): a full line delays and loses, and that is the test's doing. Kept by who tests and
// by who serves tests (speed_queue.h).
//
// A place is where sockets live: a network namespace is an access of its own. Thread-safe. Remembers what ended within
// the last two hours, longer than any window is.

#include <deque>
#include <mutex>
#include <optional>

#include "core/clock.h"
#include "net/socket_space.h"

namespace gnomon::methods {

class TestTimes {
 public:
  // A test that runs from now on; ends with the object, which belongs to one thread at a time. `times`, `clock` and
  // `place` outlive it.
  class Running {
   public:
    Running(TestTimes& times, const Clock& clock, const net::SocketSpace& place);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    // It came to nothing and filled no line: as if it had never been.
    void forget();

   private:
    TestTimes& times_;
    const Clock& clock_;
    const net::SocketSpace* place_;  // null once forgotten
    WallTime start_;
  };

  // Did a test run at this place at any moment of [from, to)?
  [[nodiscard]] bool overlaps(const net::SocketSpace& place, WallTime from, WallTime to) const;

 private:
  struct Time {
    const net::SocketSpace* place = nullptr;
    WallTime from;
    std::optional<WallTime> to;  // nothing while it runs
  };
  std::deque<Time>::iterator running(const net::SocketSpace* place, WallTime from);  // under the mutex

  mutable std::mutex mutex_;
  std::deque<Time> times_;
};

}  // namespace gnomon::methods
