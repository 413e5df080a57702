#pragma once

// What the server shares out, and who gets it: room for bodies, room for answers, places in the queues of the handlers.
//
// Room is taken as bytes arrive, never as they are announced: a peer holds what it has sent, no more. I/O thread only,
// but for LaneLoad.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "http/peer_waits.h"
#include "http/router.h"
#include "http/server.h"

namespace gnomon::http {

// How busy a lane is. Thread-safe.
class LaneLoad {
 public:
  // A request was given to the lane's handlers; then, on a handler's thread, it was begun, and it took that long.
  void given() { ++queued_; }
  void begun() { --queued_; }
  void took(std::chrono::nanoseconds time);
  [[nodiscard]] std::size_t queued() const { return queued_; }
  // What a request that is given now will have to wait for `threads` handlers, by what the last ones took.
  [[nodiscard]] std::chrono::nanoseconds expected_wait(unsigned threads) const;

 private:
  std::atomic<std::size_t> queued_{0};
  std::atomic<std::int64_t> usual_ns_{0};  // moving average of what a request takes
};

class Admission {
 public:
  using Time = PeerWaits::Time;
  explicit Admission(const ServerOptions& options) : options_(options), limits_(options.limits) {}

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
    // Room for an answer that a handler will make, by what the last ones took; false when answers that nobody fetches
    // have used it up, and none of them has waited long enough to go.
    bool expect_answer(Time now);
    // Counts the answer in its place, whatever its size: it exists already. A refusal says nothing of what others take.
    void hold_answer(std::size_t bytes, bool is_refusal);

   private:
    Admission& admission_;
    std::size_t body_ = 0;
    std::size_t answer_ = 0;
    bool expected_ = false;
  };

  [[nodiscard]] LaneLoad& load(Lane lane) { return loads_[static_cast<std::size_t>(lane)]; }
  // Whether the lane will begin a request that is given to it now in good time. Half of Limits::queue_time, so that
  // what was taken is served; and so that right after an overload nobody waits longer.
  [[nodiscard]] bool place_in_queue(Lane lane) const;

 private:
  [[nodiscard]] std::size_t queue_limit(Lane lane) const;
  [[nodiscard]] unsigned threads(Lane lane) const;

  const ServerOptions& options_;
  const Limits& limits_;
  PeerWaits waits_;
  std::size_t body_bytes_ = 0;
  std::size_t answer_bytes_ = 0;
  std::size_t usual_answer_ = 0;  // moving average, bytes
  std::array<LaneLoad, kLanes> loads_{};
};

}  // namespace gnomon::http
