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

void add_ndt7(http::Router& router, const SpeedRouteParts& parts) {
  methods::ndt7::RouteParts ndt7{parts.desk, parts.clock, parts.random, {}, parts.run, {}};
  ndt7.run.believes_peer = false;  // Its word is told beside ours, never instead of it.
  ndt7.is_own_page = [hosts = parts.hosts](const Request& request) { return from_origin_among(request, hosts); };
  ndt7.on_begin = [&visitors = parts.visitors](const Request& request, std::string ticket) {
    auto test = visitors.begin(std::move(ticket), request.remote_address);
    return [&visitors, test = std::move(test)](const methods::ndt7::RunResult& result) {
      methods::ndt7::log_test(test->network, result);  // no more of a visitor is written down (docs/security.md)
      visitors.ended(*test, result);
    };
  };
  methods::ndt7::add_ndt7_routes(router, ndt7);
}

}  // namespace

void add_speed_routes(http::Router& router, const SpeedRouteParts& parts) {
  using http::Method;
  add_ndt7(router, parts);
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
