#pragma once

// Who may do what: the router's gate, and the routes of login.
//
// On a port that listens on loopback, a peer on this machine is a viewer without a login, unless `require_login` says
// otherwise (behind a reverse proxy every peer looks local). Everywhere else, and for everything that changes
// something, a session cookie or a bearer token is asked for. Requests that change something with a cookie must carry
// the session's X-Gnomon-Csrf, and no request may come from another origin's page. On loopback the Host header must
// name this machine, so that a hostile page cannot rebind a name of its own to it (DNS rebinding).
//
// Logins, refused logins and every change by an admin leave an "audit" line in the log. Thread-safe.

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "http/router.h"
#include "server/login_limiter.h"
#include "server/sessions.h"
#include "server/users.h"

namespace gnomon::server {

struct AuthOptions {
  bool require_login = false;
  std::vector<std::string> hosts{};  // further names in Host headers on a loopback port, without port
  SessionLimits sessions{};
  LoginLimits logins{};
};

class Auth {
 public:
  Auth(Users& users, const Clock& clock, Random& random, AuthOptions options = {});

  // Sets the gate and adds GET, POST, DELETE /api/v1/session and POST /api/v1/password. Must outlive the router's use.
  void add_to(http::Router& router);

  [[nodiscard]] bool login_required(const http::Request& request) const;
  Status gate(http::Request& request, http::Access needed);

 private:
  Result<http::Response> show_session(const http::Request& request);
  Result<http::Response> log_in(const http::Request& request);
  Result<http::Response> log_out(const http::Request& request);
  Result<http::Response> change_password(const http::Request& request);

  Status identify(http::Request& request, bool& by_cookie);
  Status check_host(const http::Request& request) const;
  // Of the one who asks; `user` is empty when nobody is logged in.
  [[nodiscard]] std::string session_json(const http::Request& request, std::string_view user, http::Access granted,
                                         const Session* session) const;

  Users& users_;
  const AuthOptions options_;
  Sessions sessions_;
  LoginLimiter limiter_;
};

}  // namespace gnomon::server
