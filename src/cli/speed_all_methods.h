#pragma once

// Runs the methods of `gnomon speed --all`, each to one or two MethodRuns. Blocks; one thread.

#include <functional>
#include <stop_token>

#include "cli/speed_all.h"
#include "core/random.h"
#include "methods/capacity/held_turn.h"
#include "methods/responsiveness/responsiveness.h"

namespace gnomon::cli {

// What is going on, for a live display: rate of the moment and time since the method began.
using AllProgress =
    std::function<void(const std::string& name, schema::Direction direction, double bps, Nanoseconds at)>;

class AllMethods {
 public:
  // All outlive it. `turn` is null when the server keeps none for us.
  AllMethods(const SpeedAllRequest& request, const methods::capacity::HeldTurn* turn, const Clock& clock,
             Random& random, const std::atomic<bool>& cancelled, std::stop_token stop, AllProgress progress);

  MethodRun tcp(schema::Direction direction, std::uint32_t streams);
  MethodRun udpst(schema::Direction direction);
  MethodRun ndt7(schema::Direction direction);
  // One for each direction of the request, measured in one go: the idle part is common to them.
  std::vector<MethodRun> responsiveness();

 private:
  // Where a method of the server is: as it says, or its usual port. Sets the run's state when it is not there.
  std::optional<Port> find(MethodRun& run, std::uint16_t usual) const;
  bool is_at(MethodRun& run, Port port) const;
  [[nodiscard]] bool is_tls(std::string_view method, bool usual) const;
  [[nodiscard]] methods::responsiveness::Options responsiveness_options() const;
  [[nodiscard]] MethodRun begin(std::string method, std::string name, schema::Direction direction) const;

  const SpeedAllRequest& request_;
  const methods::capacity::HeldTurn* turn_;
  const Clock& clock_;
  Random& random_;
  const std::atomic<bool>& cancelled_;
  const std::stop_token stop_;
  const AllProgress progress_;
};

}  // namespace gnomon::cli
