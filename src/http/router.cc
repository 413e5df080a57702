#include "http/router.h"

#include <atomic>
#include <boost/beast/http/rfc7230.hpp>
#include <exception>
#include <future>

#include "core/log.h"
#include "http/error_response.h"

namespace gnomon::http {

namespace {

Method matching_method(Method method) {
  return method == Method::kHead ? Method::kGet : method;
}

// RFC 9110 section 7.8: the protocol stands in Upgrade, and Connection names that header.
bool asks_to_upgrade(const Request& request, std::string_view protocol) {
  using Tokens = boost::beast::http::token_list;
  const std::string_view upgrade = request.headers.get("Upgrade").value_or("");
  const std::string_view connection = request.headers.get("Connection").value_or("");
  return request.method == Method::kGet &&
         Tokens({upgrade.data(), upgrade.size()}).exists({protocol.data(), protocol.size()}) &&
         Tokens({connection.data(), connection.size()}).exists("upgrade");
}

std::string_view next_segment(std::string_view& rest) {
  rest.remove_prefix(1);  // the slash
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(end);
  return segment;
}

struct PatternMatch {
  std::string rank;  // one letter a segment: 'a' fixed, 'b' parameter, 'c' rest; the least rank wins
  Fields parameters;
};

std::optional<PatternMatch> match_pattern(std::string_view pattern, std::string_view path) {
  PatternMatch match;
  while (!pattern.empty() && !path.empty()) {
    const auto whole = path;
    const auto expected = next_segment(pattern);
    const auto actual = next_segment(path);
    if (expected.ends_with("...}")) {
      if (whole.size() < 2) return std::nullopt;
      match.rank += 'c';
      match.parameters.emplace(expected.substr(1, expected.size() - 5), whole.substr(1));
      return match;
    }
    if (expected.starts_with('{')) {
      if (actual.empty()) return std::nullopt;
      match.rank += 'b';
      match.parameters.emplace(expected.substr(1, expected.size() - 2), actual);
    } else {
      if (expected != actual) return std::nullopt;
      match.rank += 'a';
    }
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return match;
}

// Sees to it that a request is answered exactly once, also when a handler drops it.
class AnswerOnce {
 public:
  explicit AnswerOnce(Respond respond) : respond_(std::move(respond)) {}
  AnswerOnce(const AnswerOnce&) = delete;
  AnswerOnce& operator=(const AnswerOnce&) = delete;
  ~AnswerOnce() { answer(error_response(500, "internal", "the request was dropped unanswered; this is a bug")); }
  void answer(Result<Response> result) {
    if (!done_.exchange(true)) respond_(std::move(result));
  }

 private:
  std::atomic<bool> done_{false};
  Respond respond_;
};

Result<Response> call(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception& exception) {
    log::error("{} {}: {}", to_string(request.method), request.path, exception.what());
    return error_response(500, "internal", "the server met a bug while answering; its log says more");
  }
}

Response settle(Result<Response> result) {
  return result ? std::move(*result) : error_response(result.error());
}

}  // namespace

void Router::get(std::string pattern, Access access, Handler handler) {
  add({Method::kGet, std::move(pattern), access, kSmallBody, std::move(handler), {}});
}

void Router::post(std::string pattern, Access access, Handler handler) {
  add({Method::kPost, std::move(pattern), access, kSmallBody, std::move(handler), {}});
}

void Router::remove(std::string pattern, Access access, Handler handler) {
  add({Method::kDelete, std::move(pattern), access, kSmallBody, std::move(handler), {}});
}

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

void Router::set_fallback(Access access, Handler handler) {
  fallback_ = Route{Method::kGet, "", access, kSmallBody, std::move(handler), {}};
}

void Router::set_gate(Gate gate) {
  gate_ = std::move(gate);
}

Router::Match Router::find(Method method, std::string_view path) const {
  Match best;
  std::string best_rank;
  for (const Route& route : routes_) {
    auto match = match_pattern(route.pattern, path);
    if (!match) continue;
    if (route.method != matching_method(method)) {
      if (best.allow.find(to_string(route.method)) == std::string::npos) {
        if (!best.allow.empty()) best.allow += ", ";
        best.allow += to_string(route.method);
        if (route.method == Method::kGet) best.allow += ", HEAD";
      }
    } else if (best.route == nullptr || match->rank < best_rank) {
      best.route = &route;
      best_rank = std::move(match->rank);
      best.parameters = std::move(match->parameters);
    }
  }
  if (best.route == nullptr && best.allow.empty() && fallback_) {
    if (matching_method(method) == Method::kGet) {
      best.route = &*fallback_;
    } else {
      best.allow = "GET, HEAD";
    }
  }
  return best;
}

Router::Terms Router::terms(Method method, std::string_view path) const {
  const Match match = find(method, path);
  return match.route == nullptr ? Terms{} : Terms{match.route->body_limit, match.route->lane, match.route->upgrade_to};
}

void Router::dispatch(std::shared_ptr<Request> request, Respond respond) const {
  Match match = find(request->method, request->path);
  if (match.route == nullptr) {
    if (match.allow.empty()) {
      respond(error_response(404, "not_found", fmt::format("no such resource: {}", request->path)));
      return;
    }
    auto refusal = error_response(
        405, "invalid_argument",
        fmt::format("{} is not for {}; allowed: {}", to_string(request->method), request->path, match.allow));
    refusal.headers.set("Allow", match.allow);
    respond(std::move(refusal));
    return;
  }
  request->parameters = std::move(match.parameters);
  const Route& route = *match.route;
  if (!gate_ && route.access != Access::kPublic) {
    respond(error_response(401, "unauthenticated", "this server has no users"));
    return;
  }
  if (gate_) {
    if (Status passed = gate_(*request, route.access); !passed) {
      respond(error_response(passed.error()));
      return;
    }
  }
  if (!route.upgrade_to.empty() && !asks_to_upgrade(*request, route.upgrade_to)) {
    respond(upgrade_required(route.upgrade_to));
    return;
  }
  if (route.handler) {
    respond(settle(call(route.handler, *request)));
    return;
  }
  auto once = std::make_shared<AnswerOnce>(std::move(respond));
  try {
    route.async(request, [once](Result<Response> result) { once->answer(settle(std::move(result))); });
  } catch (const std::exception& exception) {
    log::error("{} {}: {}", to_string(request->method), request->path, exception.what());
    once->answer(error_response(500, "internal", "the server met a bug while answering; its log says more"));
  }
}

Response Router::handle(Request request) const {
  std::promise<Response> promise;
  auto answer = promise.get_future();
  dispatch(std::make_shared<Request>(std::move(request)),
           [&promise](Result<Response> result) { promise.set_value(settle(std::move(result))); });
  return answer.get();
}

}  // namespace gnomon::http
