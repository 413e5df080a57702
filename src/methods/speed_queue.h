#pragma once

// One capacity test at a time on the access of this machine: who comes while one runs waits in line and is told how
// many are before it and for how long at most. All methods that fill a line (TCP capacity, UDPST, ndt7, responsiveness)
// share one queue, so that they do not measure each other.
//
// A session is a turn for several tests of one client: while it has its turn, tests that enter with the same `who` run
// within it, one after the other, before all others that wait.
//
// While a test has its turn, the place that serves it is under test (test_times.h), so that what is measured there can
// be marked.
//
// Thread-safe. The queue must outlive its places, and what mark() was given the queue. Time comes from the clock; only
// wait() and wait_for_move() block.

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "methods/test_times.h"
#include "net/socket_space.h"

namespace gnomon::methods {

class SpeedQueue {
 public:
  struct Options {
    std::size_t most_waiting = 200;
    // How many of one address may wait or run; the rest is told to come back, so that one cannot hold the line.
    std::size_t most_of_one = 8;
  };

  // What stands before a test.
  struct Ahead {
    std::size_t tests = 0;  // 0: it is this test's turn
    Nanoseconds time{};     // until they have had the time that they asked for
    friend bool operator==(const Ahead&, const Ahead&) = default;
  };

  // A test's place in line, given back when it goes. Belongs to one thread at a time.
  class Place {
   public:
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept;
    ~Place() { leave(); }

    [[nodiscard]] Ahead ahead() const;
    // Blocks until it is this test's turn, at most so long; true when it is.
    bool wait(Nanoseconds most);
    void leave();
    // Whether who would have the turn next, if this place were left now, is the same client.
    [[nodiscard]] bool is_followed_by_own() const;
    // Of a session that has its turn: how long no test has run within it; 0 while one does.
    [[nodiscard]] Nanoseconds quiet() const;

   private:
    friend class SpeedQueue;
    struct Test;
    struct State;
    Place(std::shared_ptr<State> state, std::list<Test>::iterator test) : state_(std::move(state)), test_(test) {}
    std::shared_ptr<State> state_;  // null once left
    std::list<Test>::iterator test_;
  };

  explicit SpeedQueue(const Clock& clock) : SpeedQueue(clock, Options()) {}
  SpeedQueue(const Clock& clock, Options options);

  // A place behind those that wait. `who` is the client's address as text, `length` the time that the test needs at
  // most, `where` the namespace that serves it. kUnavailable, with when to come back, when the line or this client's
  // share of it is full.
  Result<Place> enter(std::string who, Nanoseconds length, std::shared_ptr<net::SocketSpace> where = net::host_space());
  // The same for a session, whose `length` is that of all its tests together.
  Result<Place> enter_session(std::string who, Nanoseconds length);
  // From now on the turns of tests are noted there. Once.
  void mark(TestTimes& times);
  [[nodiscard]] std::size_t waiting() const;  // those that run besides
  [[nodiscard]] bool running() const;
  // Whether a test of this client would have its turn at once.
  [[nodiscard]] bool is_free_for(std::string_view who) const;
  // For one that watches many places: blocks until the line has moved since `seen` (0 at first), at most so long. What
  // to ask with next.
  [[nodiscard]] std::uint64_t wait_for_move(std::uint64_t seen, Nanoseconds most) const;

 private:
  Result<Place> enter(std::string who, Nanoseconds length, std::shared_ptr<net::SocketSpace> where, bool as_session);

  std::shared_ptr<Place::State> state_;
};

}  // namespace gnomon::methods
