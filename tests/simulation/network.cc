#include "simulation/network.h"

#include "http/error_response.h"
#include "simulation/fleet_machine.h"
#include "simulation/server_machine.h"

namespace gnomon::simulation {

using namespace std::chrono_literals;

struct Network::Exchange {
  FleetMachine* from = nullptr;
  std::uint64_t life = 0;  // of the sender's program
  http::ClientRequest request;
  Done done;
  bool settled = false;

  void settle(const Result<http::ClientResponse>& response) {
    if (std::exchange(settled, true)) return;
    done(response);
  }
};

namespace {

tl::unexpected<Error> broken(std::string reason) {
  return failure(ErrorCode::kUnavailable, "send", "server", std::move(reason));
}

// What a box in the middle says instead of the server.
http::ClientResponse foreign_answer(World& world) {
  http::ClientResponse response;
  switch (world.below(4)) {
    case 0:
      response.status = 503;
      response.headers.set("Retry-After", std::to_string(1 + world.below(30)));
      break;
    case 1:
      response.status = 502;
      response.body = "<html>Bad Gateway</html>";
      break;
    case 2:
      response.status = 429;
      break;
    default:
      response.status = 200;
      response.body = "<html>Please log in to this network</html>";
      break;
  }
  return response;
}

}  // namespace

Nanoseconds Network::delay() {
  const bool late = !world_.healed() && world_.chance(8);
  return late ? world_.between(1s, 80s) : world_.between(1ms, 300ms);
}

void Network::send(FleetMachine& from, http::ClientRequest request, Done done) {
  auto exchange = std::make_shared<Exchange>();
  exchange->from = &from;
  exchange->life = from.life();
  exchange->request = std::move(request);
  exchange->done = std::move(done);
  const auto fail = [exchange](const char* reason) { return [exchange, reason] { exchange->settle(broken(reason)); }; };
  from.later(30s, fail("timed out"));
  if (!world_.healed()) {
    if (world_.chance(loss())) return world_.tell("network", "a request is lost");
    if (world_.chance(3)) {
      world_.tell("network", "the connection breaks while a request is sent");
      return from.later(delay(), fail("connection reset"));
    }
    if (world_.chance(3)) {
      world_.tell("network", "somebody else answers");
      return answer(exchange, foreign_answer(world_));
    }
    if (world_.chance(5)) world_.in(delay() * 3, [this, exchange] { arrive(exchange); });  // it comes twice
  }
  world_.in(delay(), [this, exchange] { arrive(exchange); });
}

void Network::arrive(const std::shared_ptr<Exchange>& exchange) {
  if (!server_->is_up()) return answer(exchange, broken("connection refused"));
  server_->handle(exchange->request,
                  [this, exchange](const http::ClientResponse& response) { answer(exchange, response); });
}

void Network::answer(const std::shared_ptr<Exchange>& exchange, Result<http::ClientResponse> response) {
  if (exchange->settled) return;
  if (!world_.healed() && world_.chance(loss())) {
    world_.tell("network", "an answer is lost");
    if (world_.chance(50)) return;
    response = broken("connection reset");
  }
  // The sender's program may have ended since; its machine drops what is not for this run of it.
  exchange->from->deliver(exchange->life, delay(), [exchange, response] { exchange->settle(response); });
}

}  // namespace gnomon::simulation
