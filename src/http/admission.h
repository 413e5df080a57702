#pragma once

// What the server shares out, and who gets it: room for bodies, room for answers, places in the queues of the handlers.
//
// Room is taken as bytes arrive, never as they are announced: a peer holds what it has sent, no more. I/O thread only,
// but for LaneQueue's counter.

#include <array>
#include <atomic>
#include <cstddef>

#include "http/peer_waits.h"
#include "http/router.h"
#include "http/server.h"

namespace gnomon::http {

class Admission {
 public:
  using Time = PeerWaits::Time;
  explicit Admission(const Limits& limits) : limits_(limits) {}

  [[nodiscard]] PeerWaits& waits() { return waits_; }

  // Bytes that one connection holds; given back with it.
  class Room {
   public:
    explicit Room(Admission& admission) : admission_(admission) {}
    ~Room() {
      admission_.body_bytes_ -= body_;
      admission_.answer_bytes_ -= answer_;
    }
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    // Makes the body's share `bytes`; false when there is no room and nobody slower to give way.
    bool hold_body(std::size_t bytes, Time now);
    // Counts an answer that waits for its reader, whatever its size: it exists already.
    void hold_answer(std::size_t bytes);

   private:
    Admission& admission_;
    std::size_t body_ = 0;
    std::size_t answer_ = 0;
  };

  // False when answers that nobody fetches have used up their room, and none of them has waited long enough to go.
  bool room_for_answer(Time now);

  // Requests given to a lane's handlers and not begun. Counted up by the I/O thread, down by the lane's own.
  [[nodiscard]] std::atomic<std::size_t>& queued(Lane lane) { return queued_[static_cast<std::size_t>(lane)]; }
  [[nodiscard]] std::size_t queue_limit(Lane lane) const;

 private:
  const Limits& limits_;
  PeerWaits waits_;
  std::size_t body_bytes_ = 0;
  std::size_t answer_bytes_ = 0;
  std::array<std::atomic<std::size_t>, kLanes> queued_{};
};

}  // namespace gnomon::http
