#include "server/speed_routes.h"

#include <charconv>

#include "methods/ndt7/ndt7_routes.h"
#include "server/json_writer.h"
#include "server/origin.h"

namespace gnomon::server {

namespace {

using http::Access;
using http::Request;
using http::Respond;
using http::Response;
using methods::SpeedDesk;

constexpr std::string_view kTicket = "/api/v1/speed/ticket";
// A long poll's length: within what proxies wait for (30 to 60 s).
constexpr Nanoseconds kLongestPoll = std::chrono::seconds(20);

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

Result<Response> take_ticket(SpeedDesk& desk, const Request& request) {
  const auto ticket = desk.take_ticket(request.remote_address);
  if (!ticket) return tl::unexpected(ticket.error());
  return ticket_answer(*ticket, 201);
}

void show_ticket(SpeedDesk& desk, const Request& request, Respond respond) {
  const auto text = request.query_value("before");
  std::size_t before = SIZE_MAX;  // answers at once
  if (text) {
    const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), before);
    if (fault != std::errc{} || end != text->data() + text->size()) {
      respond(failure(ErrorCode::kInvalidArgument, "read before", std::string(*text), "is not a number"));
      return;
    }
  }
  desk.watch_ticket(request.parameters.at("id"), before, kLongestPoll,
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
  methods::ndt7::add_ndt7_routes(router, {parts.desk, parts.clock, parts.random, from_own_origin, parts.run});
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
