#pragma once

// Requests and answers between machines, with the troubles of a network in between: requests that never arrive, arrive
// late or twice, connections that break before or after the server has taken a request, answers that are lost, and
// boxes in the middle that answer in the server's place.

#include <functional>

#include "http/client.h"
#include "simulation/world.h"

namespace gnomon::simulation {

class FleetMachine;
class ServerMachine;

class Network {
 public:
  explicit Network(World& world) : world_(world) {}
  void connect(ServerMachine& server) { server_ = &server; }

  using Done = std::function<void(const Result<http::ClientResponse>&)>;
  // `done` is called once, as http::Client::send returns, unless the sender's program has ended by then.
  void send(FleetMachine& from, http::ClientRequest request, Done done);

  void set_loss(unsigned percent) { loss_ = percent; }
  [[nodiscard]] unsigned loss() const { return world_.healed() ? 0 : loss_; }

 private:
  struct Exchange;
  void arrive(const std::shared_ptr<Exchange>& exchange);
  void answer(const std::shared_ptr<Exchange>& exchange, Result<http::ClientResponse> response);
  [[nodiscard]] Nanoseconds delay();

  World& world_;
  ServerMachine* server_ = nullptr;
  unsigned loss_ = 5;
};

}  // namespace gnomon::simulation
