#pragma once

// When capacity tests ran on the access of a place, so that everything else that was measured there meanwhile can be
// marked (schema::kMarkCapacityTest): a full line delays and loses, and that is the test's doing.
//
// Thread-safe. Remembers what ended within the last two hours, longer than any window is.

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "core/clock.h"

namespace gnomon::probe {

class TestTimes {
 public:
  // A test that runs from now on; ends with the object.
  class Running {
   public:
    Running(TestTimes& times, const Clock& clock, std::size_t place);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    TestTimes& times_;
    const Clock& clock_;
    std::size_t place_;
    WallTime start_;
  };

  // Did a test run at this place at any moment of [from, to)?
  [[nodiscard]] bool overlaps(std::size_t place, WallTime from, WallTime to) const;

 private:
  struct Time {
    std::size_t place = 0;
    WallTime from;
    std::optional<WallTime> to;  // nothing while it runs
  };
  mutable std::mutex mutex_;
  std::deque<Time> times_;
};

}  // namespace gnomon::probe
