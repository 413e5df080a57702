#include "methods/ndt7/ndt7_routes.h"

#include <fmt/format.h>

#include "core/log.h"
#include "http/error_response.h"
#include "methods/ndt7/ndt7_client.h"
#include "methods/ndt7/ndt7_server.h"

namespace gnomon::methods::ndt7 {

namespace {

using http::Request;
using http::Respond;
using http::Response;
using schema::Direction;

Response not_now(const SpeedDesk::NotNow& refusal) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(refusal.back_in).count());
  auto response =
      http::error_response(503, "unavailable", fmt::format("{}; try again in {} s", refusal.reason, seconds));
  response.headers.set("Retry-After", std::to_string(seconds));
  return response;
}

class Ndt7Route {
 public:
  Ndt7Route(const RouteParts& parts, Direction direction) : parts_(parts) { parts_.run.direction = direction; }

  void operator()(std::shared_ptr<const Request> request, Respond respond) const {
    if (!parts_.is_own_page(*request)) {
      respond(http::error_response(403, "permission", "another origin's page may not spend this reader's line"));
    } else if (auto refusal = refusal_of(*request)) {
      respond(std::move(*refusal));
    } else if (const auto ticket = request->query_value("ticket"); ticket && !ticket->empty()) {
      auto turn = parts_.desk.turn_of_ticket(std::string(*ticket));
      respond(turn ? Result<Response>(begin(*request, *turn, std::string(*ticket))) : tl::unexpected(turn.error()));
    } else {
      parts_.desk.wait_for_turn(request->remote_address, [*this, request, respond = std::move(respond)](auto turn) {
        respond(turn ? begin(*request, *turn, {}) : not_now(turn.error()));
      });
    }
  }

 private:
  [[nodiscard]] Response begin(const Request& request, SpeedDesk::Turn turn, std::string ticket) const {
    auto ended = parts_.on_begin ? parts_.on_begin(request, std::move(ticket))
                                 : [who = request.remote_address](const RunResult& result) { log_test(who, result); };
    auto done = [turn = std::move(turn), ended = std::move(ended)](const RunResult& result) { ended(result); };
    return begin_test(request, parts_.run, parts_.clock, parts_.random, std::move(done));
  }

  RouteParts parts_;
};

}  // namespace

void log_test(std::string_view who, const RunResult& result) {
  log::info("ndt7 {} of {}: {:.1f} Mbit/s in {:.1f} s, {}{}{}",
            result.transfer.direction == Direction::kDown ? "download" : "upload", who,
            mean_bits_per_second(result.transfer) / 1e6, std::chrono::duration<double>(result.elapsed).count(),
            to_string(result.end), result.fault.empty() ? "" : ": ", result.fault);
}

void add_ndt7_routes(http::Router& router, const RouteParts& parts) {
  for (const Direction direction : {Direction::kDown, Direction::kUp}) {
    http::Route route;
    route.pattern = direction == Direction::kDown ? kDownloadPath : kUploadPath;
    route.access = http::Access::kPublic;
    route.async = Ndt7Route(parts, direction);
    route.upgrade_to = "websocket";
    router.add(std::move(route));
  }
}

}  // namespace gnomon::methods::ndt7
