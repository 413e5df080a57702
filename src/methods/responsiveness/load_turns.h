#pragma once

// Whose turn it is to fill the line: the flows of one address share one place in the speed queue, for a test has many
// of them, and keep it for a moment between its directions. Belongs to the server's thread; the queue and the clock
// must outlive it and its flows.

#include <map>
#include <memory>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "methods/speed_queue.h"
#include "net/address.h"

namespace gnomon::methods::responsiveness {

class LoadTurns {
 public:
  struct Options {
    Nanoseconds most_of_turn = std::chrono::seconds(90);
    Nanoseconds pause = std::chrono::seconds(3);  // without a flow, until the place is given up
    std::size_t flows = 64;
  };

  LoadTurns(SpeedQueue& queue, const Clock& clock, const Options& options)
      : queue_(queue), clock_(clock), options_(options) {}

  // A flow of this address; the turn knows of it until the last copy goes. kUnavailable: somebody else's turn, or too
  // many flows; `again` says when to come back.
  Result<std::shared_ptr<void>> begin(const net::Address& who, std::chrono::seconds& again);
  // Gives up turns that have had their pause.
  void tidy();

 private:
  struct Turn {
    SpeedQueue::Place place;
    MonotonicTime begun;
    MonotonicTime last_flow;
    std::size_t count = 0;
  };
  Result<Turn*> turn_of(const net::Address& who, std::chrono::seconds& again);

  SpeedQueue& queue_;
  const Clock& clock_;
  const Options options_;
  std::map<net::Address, std::shared_ptr<Turn>> turns_;
};

}  // namespace gnomon::methods::responsiveness
