#pragma once

// Which handler answers a request. Built before the server starts and immutable afterwards; `dispatch` may then run on
// any number of threads at once, and handlers must allow that.
//
// Patterns: "/api/v1/paths/{id}" matches one segment, "/ledger/tile/{rest...}" (last) one or more. A fixed segment wins
// over a parameter. A known path with another method answers 405 with Allow; GET routes answer HEAD too. Errors become
// the API's envelope (http/error_response.h).

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "http/message.h"

namespace gnomon::http {

using Handler = std::function<Result<Response>(const Request&)>;
// Called once, from any thread; later calls are ignored. Dropping every copy uncalled answers 500.
using Respond = std::function<void(Result<Response>)>;
// Must not block; keeps the request alive as long as it likes.
using AsyncHandler = std::function<void(std::shared_ptr<const Request>, Respond)>;
// Says whether the request may pass to a route that asks for `needed`; fills Request::user and granted.
using Gate = std::function<Status(Request&, Access needed)>;

inline constexpr std::size_t kSmallBody = 64UL * 1024;

// What kind of work a route is. Each lane has threads and a queue of its own: dashboards cannot keep probes from
// handing in, nor logins (slow on purpose) either of them.
enum class Lane : std::uint8_t { kRead, kIngest, kLogin };
inline constexpr std::size_t kLanes = 3;

struct Route {
  Method method = Method::kGet;
  std::string pattern;
  Access access = Access::kViewer;
  std::size_t body_limit = kSmallBody;
  Handler handler;     // either this one, run on the server's pool,
  AsyncHandler async;  // or this one
  Lane lane = Lane::kRead;
  // Not empty: requests must ask to upgrade to this protocol ("websocket"), else the answer is 426; the handler may
  // then answer with Response::upgrade.
  std::string upgrade_to{};
};

class Router {
 public:
  void get(std::string pattern, Access access, Handler handler);
  void post(std::string pattern, Access access, Handler handler);
  void remove(std::string pattern, Access access, Handler handler);  // DELETE
  void add(Route route);
  // Answers GET and HEAD of paths that no pattern matches (the web application).
  void set_fallback(Access access, Handler handler);
  // Without a gate only kPublic routes answer: a forgotten gate locks, never opens.
  void set_gate(Gate gate);

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  // What is known of a request before its body: the terms of the route that it will meet.
  struct Terms {
    std::size_t body_limit = kSmallBody;
    Lane lane = Lane::kRead;
    std::string_view upgrade_to{};  // lives as long as the router
  };
  [[nodiscard]] Terms terms(Method method, std::string_view path) const;
  // Finds the route, asks the gate, calls the handler. Exceptions of handlers become 500.
  void dispatch(std::shared_ptr<Request> request, Respond respond) const;
  // The same for tests and synchronous callers; blocks until an asynchronous handler has answered.
  [[nodiscard]] Response handle(Request request) const;

 private:
  struct Match {
    const Route* route = nullptr;
    Fields parameters;
    std::string allow;  // when route is null: methods that the path has; empty: no such path
  };
  [[nodiscard]] Match find(Method method, std::string_view path) const;

  std::vector<Route> routes_;
  std::optional<Route> fallback_;
  Gate gate_;
};

}  // namespace gnomon::http
