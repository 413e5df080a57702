#include "server/speed_routes.h"

#include <charconv>

#include "core/log.h"
#include "http/error_response.h"
#include "methods/ndt7/ndt7_client.h"
#include "methods/ndt7/ndt7_server.h"
#include "server/json_writer.h"
#include "server/origin.h"

namespace gnomon::server {

namespace {

using http::Access;
using http::Request;
using http::Respond;
using http::Response;
using methods::ndt7::RunResult;
using schema::Direction;

constexpr std::string_view kTicket = "/api/v1/speed/ticket";
// A long poll's length: within what proxies wait for (30 to 60 s).
constexpr Nanoseconds kLongestPoll = std::chrono::seconds(20);

Response not_now(const SpeedDesk::NotNow& refusal) {
  const auto seconds = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(refusal.back_in).count());
  auto response =
      http::error_response(503, "unavailable", fmt::format("{}; try again in {} s", refusal.reason, seconds));
  response.headers.set("Retry-After", std::to_string(seconds));
  return response;
}

Response ticket_answer(const SpeedDesk::Ticket& ticket, int status) {
  JsonWriter json;
  json.begin_object();
  json.member("id", ticket.id);
  json.member("before", ticket.ahead.tests);
  json.member("wait_ns", ticket.ahead.time);
  json.end_object();
  auto response = Response::json(json.take(), status);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

void log_test(std::string_view who, const RunResult& result) {
  // Of a visitor no more than the network is written down (docs/security.md).
  log::info("ndt7 {} of {}: {:.1f} Mbit/s in {:.1f} s, {}{}{}",
            result.transfer.direction == Direction::kDown ? "download" : "upload", who,
            methods::ndt7::mean_bits_per_second(result.transfer) / 1e6,
            std::chrono::duration<double>(result.elapsed).count(), methods::ndt7::to_string(result.end),
            result.fault.empty() ? "" : ": ", result.fault);
}

class Ndt7Route {
 public:
  Ndt7Route(const SpeedRouteParts& parts, Direction direction) : parts_(parts) {
    parts_.run.direction = direction;
    parts_.run.believes_peer = false;  // Its word is told beside ours, never instead of it.
  }

  void operator()(std::shared_ptr<const Request> request, Respond respond) const {
    if (!from_origin_among(*request, parts_.hosts)) {
      respond(http::error_response(403, "permission", "another origin's page may not spend this reader's line"));
    } else if (auto refusal = methods::ndt7::refusal_of(*request)) {
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
    auto test = parts_.visitors.begin(std::move(ticket), request.remote_address);
    auto done = [&visitors = parts_.visitors, turn = std::move(turn), test](const RunResult& result) {
      log_test(test->network, result);
      visitors.ended(*test, result);
    };
    return methods::ndt7::begin_test(request, parts_.run, parts_.clock, parts_.random, std::move(done));
  }

  SpeedRouteParts parts_;
};

// A whole number of the query; `otherwise` when it is not there.
template <typename T>
Result<T> number_of(const Request& request, std::string_view name, T otherwise) {
  const auto text = request.query_value(name);
  if (!text) return otherwise;
  T number = otherwise;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault == std::errc{} && end == text->data() + text->size()) return number;
  return failure(ErrorCode::kInvalidArgument, fmt::format("read {}", name), std::string(*text), "is not a number");
}

Result<Response> take_ticket(SpeedDesk& desk, const Request& request) {
  const auto tests = number_of(request, "tests", SpeedDesk::kTestsOfTicket);
  if (!tests) return tl::unexpected(tests.error());
  if (*tests < 1 || *tests > SpeedDesk::kMostTestsOfTicket) {
    return failure(ErrorCode::kInvalidArgument, "read tests", std::to_string(*tests), "it must be 1 to 4");
  }
  const auto ticket = desk.take_ticket(request.remote_address, *tests);
  if (!ticket) return tl::unexpected(ticket.error());
  return ticket_answer(*ticket, 201);
}

void show_ticket(SpeedDesk& desk, const Request& request, Respond respond) {
  const auto before = number_of(request, "before", SIZE_MAX);  // without it, at once
  if (!before) return respond(tl::unexpected(before.error()));
  desk.watch_ticket(request.parameters.at("id"), *before, kLongestPoll,
                    [respond = std::move(respond)](const Result<SpeedDesk::Ticket>& ticket) {
                      respond(ticket ? Result<Response>(ticket_answer(*ticket, 200)) : tl::unexpected(ticket.error()));
                    });
}

Result<Response> give_back(SpeedDesk& desk, const Request& request) {
  if (const Status given = desk.give_back(request.parameters.at("id")); !given) return tl::unexpected(given.error());
  return Response::no_content();
}

}  // namespace

void add_speed_routes(http::Router& router, const SpeedRouteParts& parts) {
  using http::Method;
  for (const Direction direction : {Direction::kDown, Direction::kUp}) {
    http::Route route;
    route.pattern = direction == Direction::kDown ? methods::ndt7::kDownloadPath : methods::ndt7::kUploadPath;
    route.access = Access::kPublic;
    route.async = Ndt7Route(parts, direction);
    route.upgrade_to = "websocket";
    router.add(std::move(route));
  }
  SpeedDesk& desk = parts.desk;
  const std::string one = std::string(kTicket) + "/{id}";
  router.post(std::string(kTicket), Access::kPublic,
              [&desk](const Request& request) { return take_ticket(desk, request); });
  router.remove(one, Access::kPublic, [&desk](const Request& request) { return give_back(desk, request); });
  http::Route show;
  show.pattern = one;
  show.access = Access::kPublic;
  show.async = [&desk](const std::shared_ptr<const Request>& request, Respond respond) {
    show_ticket(desk, *request, std::move(respond));
  };
  router.add(std::move(show));
}

}  // namespace gnomon::server
