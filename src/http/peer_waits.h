#pragma once

// Which connections wait for their peer, and for how long: when something runs out, the one that has kept the server
// waiting longest gives way. That is what makes a slow-loris harmless: it never holds what a prompt client needs.
//
// I/O thread only.

#include <array>
#include <chrono>
#include <functional>
#include <list>

namespace gnomon::http {

enum class WaitFor : std::uint8_t {
  kRequest,  // a handshake, a request's head, or the next request
  kBody,     // the rest of a request's body
  kReader,   // that the peer takes its answer
};

class PeerWaits {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A connection's place, held while it waits.
  class Place {
   public:
    Place(PeerWaits& waits, WaitFor what, Time since, const std::function<void()>& end);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class PeerWaits;
    PeerWaits* waits_;  // null once it was ended
    WaitFor what_;
    Time since_;
    const std::function<void()>& end_;
    std::list<Place*>::iterator at_;
  };

  // Ends the longest wait of that kind, if it is older than `patience`; false when there is none. What the ended one
  // holds comes back when its coroutine has unwound, in the same turn of the event loop.
  bool end_longest(WaitFor what, Time now, std::chrono::nanoseconds patience);

 private:
  [[nodiscard]] std::list<Place*>& of(WaitFor what) { return waiting_[static_cast<std::size_t>(what)]; }
  std::array<std::list<Place*>, 3> waiting_;  // each from the oldest to the youngest
};

}  // namespace gnomon::http
