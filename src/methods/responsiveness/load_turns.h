#pragma once

// Whose turn it is to fill the line: the flows of one address share one place in the speed queue, for a test has many
// of them, and keep it for a moment between its directions: a shorter one when the next in the line is the same client
// with another method. Belongs to the server's thread; the queue and the clock must outlive it and its flows.

#include <map>
#include <memory>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "methods/speed_queue.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::responsiveness {

class LoadTurns {
 public:
  struct Options {
    Nanoseconds most_of_turn = std::chrono::seconds(90);
    Nanoseconds pause = std::chrono::seconds(3);  // without a flow, until the place is given up
    Nanoseconds pause_before_own = std::chrono::seconds(1);
    std::size_t flows = 64;
    std::shared_ptr<net::SocketSpace> where = net::host_space();  // the namespace that serves
  };

  LoadTurns(SpeedQueue& queue, const Clock& clock, const Options& options)
      : queue_(queue), clock_(clock), options_(options) {}

  // A flow of this address; the turn knows of it until the last copy goes. kUnavailable: somebody else's turn, or too
  // many flows; `again` says when to come back.
  Result<std::shared_ptr<void>> begin(const net::Address& who, std::chrono::seconds& again);
  // Gives up turns that have had their pause. To be called every few hundred milliseconds.
  void tidy();

 private:
  struct Turn {
    SpeedQueue::Place place;
    MonotonicTime begun;
    MonotonicTime last_flow;
    std::size_t count = 0;
  };
  Result<Turn*> turn_of(const net::Address& who, std::chrono::seconds& again);
  [[nodiscard]] bool has_had_its_pause(const Turn& turn) const;

  SpeedQueue& queue_;
  const Clock& clock_;
  const Options options_;
  std::map<net::Address, std::shared_ptr<Turn>> turns_;
};

}  // namespace gnomon::methods::responsiveness
