#include "server/auth.h"

#include <array>
#include <boost/json.hpp>
#include <deque>

#include "core/log.h"
#include "crypto/secrets.h"
#include "crypto/secure_compare.h"
#include "http/error_response.h"
#include "server/origin.h"

namespace gnomon::server {

namespace {

namespace json = boost::json;
using http::Access;
using http::Method;
using http::Request;
using http::Response;

constexpr std::string_view kCookie = "gnomon_session";
constexpr std::string_view kSessionPath = "/api/v1/session";
constexpr std::string_view kPasswordPath = "/api/v1/password";

bool changes_something(const Request& request) {
  return request.method != Method::kGet && request.method != Method::kHead;
}

// The members of a body that holds passwords; wipes them when it goes.
class SecretBody {
 public:
  static Result<std::unique_ptr<SecretBody>> read(const Request& request) {
    auto body = std::make_unique<SecretBody>();
    boost::system::error_code fault;
    body->value_ = json::parse(request.body, fault, &body->storage_);
    if (fault || !body->value_.is_object()) {
      return failure(ErrorCode::kInvalidArgument, "read request", request.path, "the body is not a JSON object");
    }
    return body;
  }
  SecretBody() = default;
  SecretBody(const SecretBody&) = delete;
  SecretBody& operator=(const SecretBody&) = delete;
  ~SecretBody() {
    for (std::string& text : taken_) crypto::wipe(text);
    crypto::wipe(std::as_writable_bytes(std::span(room_)));
  }

  [[nodiscard]] std::size_t size() const { return value_.as_object().size(); }
  // A text of at most `limit` bytes, kept here; null when it is absent, no text or longer.
  const std::string* member(std::string_view name, std::size_t limit) {
    const auto* value = value_.as_object().if_contains(name);
    if (value == nullptr || !value->is_string() || value->as_string().size() > limit) return nullptr;
    return &taken_.emplace_back(value->as_string());
  }

 private:
  std::array<unsigned char, 8192> room_{};
  json::monotonic_resource storage_{room_.data(), room_.size()};
  json::value value_ = json::value(json::storage_ptr(&storage_));
  std::deque<std::string> taken_;
};

Response too_many(std::chrono::seconds wait) {
  auto response =
      http::error_response(429, "exhausted", fmt::format("too many wrong passwords; try again in {} s", wait.count()));
  response.headers.set("Retry-After", std::to_string(wait.count()));
  return response;
}

std::string cookie_text(std::string_view id, bool secure, bool remove) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kCookie, id, secure ? "; Secure" : "",
                     remove ? "; Max-Age=0" : "");
}

// One line whatever a stranger typed.
std::string printable(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, 64)) safe += c > 0x20 && c < 0x7F ? c : '?';
  return safe;
}

}  // namespace

Auth::Auth(Users& users, const Clock& clock, Random& random, AuthOptions options)
    : users_(users),
      options_(std::move(options)),
      sessions_(clock, random, options_.sessions),
      limiter_(clock, options_.logins) {}

void Auth::add_to(http::Router& router) {
  router.set_gate([this](Request& request, Access needed) { return gate(request, needed); });
  const std::string session(kSessionPath);
  router.get(session, Access::kPublic, [this](const Request& request) { return show_session(request); });
  const auto by_password = [&router](std::string pattern, Access access, http::Handler handler) {
    router.add(
        {Method::kPost, std::move(pattern), access, http::kSmallBody, std::move(handler), {}, http::Lane::kLogin});
  };
  by_password(session, Access::kPublic, [this](const Request& request) { return log_in(request); });
  router.remove(session, Access::kPublic, [this](const Request& request) { return log_out(request); });
  by_password(std::string(kPasswordPath), Access::kViewer,
              [this](const Request& request) { return change_password(request); });
}

bool Auth::login_required(const Request& request) const {
  return options_.require_login || !request.listener_loopback || !request.is_loopback;
}

Status Auth::check_host(const Request& request) const {
  if (!request.listener_loopback || options_.require_login) return {};
  const auto host = host_name(request.headers.get("Host").value_or(""));
  if (names_this_machine(host) ||
      std::find(options_.hosts.begin(), options_.hosts.end(), host) != options_.hosts.end()) {
    return {};
  }
  return failure(ErrorCode::kPermission, "answer", printable(host), "the Host header does not name this machine",
                 "use http://localhost or http://127.0.0.1, or start the server with --host NAME");
}

Status Auth::identify(Request& request, bool& by_cookie) {
  if (const auto header = request.headers.get("Authorization")) {
    const auto token = header->starts_with("Bearer ") ? users_.find_token(header->substr(7)) : std::nullopt;
    if (!token) return failure(ErrorCode::kUnauthenticated, "check token", "", "it is not valid");
    request.user = token->user;
    request.granted = access_of(token->role);
    return {};
  }
  if (const auto cookie = request.cookie(kCookie)) {
    const auto session = sessions_.find(*cookie);
    const auto user = session ? users_.find(session->user) : std::nullopt;
    // A password that was changed elsewhere, by `gnomon user passwd`, ends the session too.
    if (user && session->credential == user->password_hash) {
      request.user = user->name;
      request.granted = access_of(user->role);
      by_cookie = true;
      return {};
    }
  }
  request.granted = login_required(request) ? Access::kPublic : Access::kViewer;
  return {};
}

Status Auth::gate(Request& request, Access needed) {
  if (Status host = check_host(request); !host) return host;
  bool by_cookie = false;
  if (Status known = identify(request, by_cookie); !known) return known;
  if (needed > request.granted) {
    if (request.user.empty()) {
      return failure(ErrorCode::kUnauthenticated, "answer", request.path, "this needs a login", "log in first");
    }
    return failure(ErrorCode::kPermission, "answer", request.path,
                   fmt::format("{} is no {}", request.user, http::to_string(needed)), "ask an admin");
  }
  if (!changes_something(request)) return {};
  if (!from_own_origin(request)) {
    return failure(ErrorCode::kPermission, "answer", request.path, "it comes from another origin's page");
  }
  const bool is_login = request.path == kSessionPath && request.method == Method::kPost;
  const bool is_ingest = request.path == "/api/v1/ingest";  // Authenticated by signatures alone.
  if (by_cookie && !is_login && !is_ingest) {
    const auto session = sessions_.find(request.cookie(kCookie).value_or(""));
    const auto csrf = request.headers.get("X-Gnomon-Csrf").value_or("");
    if (!session || !crypto::secure_equal(csrf, session->csrf)) {
      return failure(ErrorCode::kPermission, "answer", request.path, "the header X-Gnomon-Csrf is missing or wrong",
                     "send the csrf of GET /api/v1/session");
    }
  }
  if (needed == Access::kAdmin) {
    log::info("audit: {} {} {} from {}", request.user, http::to_string(request.method), request.path,
              request.remote_address);
  }
  return {};
}

std::string Auth::session_json(const Request& request, std::string_view user, Access granted,
                               const Session* session) const {
  json::object answer{
      {"user", nullptr}, {"role", nullptr}, {"login_required", login_required(request)}, {"csrf", nullptr}};
  if (!user.empty()) answer["user"] = user;
  if (granted != Access::kPublic) answer["role"] = http::to_string(granted);
  if (session != nullptr) answer["csrf"] = session->csrf;
  return json::serialize(answer);
}

Result<Response> Auth::show_session(const Request& request) {
  const auto session = sessions_.find(request.cookie(kCookie).value_or(""));
  const bool is_own = session && session->user == request.user;
  auto response = Response::json(session_json(request, request.user, request.granted, is_own ? &*session : nullptr));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> Auth::log_in(const Request& request) {
  const auto body = SecretBody::read(request);
  if (!body) return tl::unexpected(body.error());
  const std::string* const name = (*body)->member("user", 64);
  const std::string* const password = (*body)->member("password", kMaximumPassword);
  if (name == nullptr || password == nullptr || (*body)->size() != 2) {
    return failure(ErrorCode::kInvalidArgument, "log in", "", "the body must be {\"user\": …, \"password\": …}");
  }
  if (const auto wait = limiter_.wait(request.remote_address, *name)) {
    log::warning("audit: login of {} from {} refused: too many tries", printable(*name), request.remote_address);
    return too_many(*wait);
  }
  const auto user = users_.log_in(*name, *password);
  if (!user) {
    limiter_.failed(request.remote_address, *name);
    log::warning("audit: login of {} from {} failed", printable(*name), request.remote_address);
    return failure(ErrorCode::kUnauthenticated, "log in", "", "user or password is wrong");
  }
  limiter_.succeeded(request.remote_address, *name);
  log::info("audit: login of {} from {}", user->name, request.remote_address);
  // Always a new id: one that a stranger planted in the browser before must not become a logged-in one.
  if (const auto old = request.cookie(kCookie)) sessions_.close(*old);
  const auto opened = sessions_.open(user->name, user->password_hash);
  // Not by a copy of the request: its body, with the password, is wiped where it came, and only there.
  auto response = Response::json(session_json(request, user->name, access_of(user->role), &opened.session));
  response.headers.set("Set-Cookie", cookie_text(opened.id, request.is_tls, false));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> Auth::log_out(const Request& request) {
  if (const auto cookie = request.cookie(kCookie)) {
    sessions_.close(*cookie);
    if (!request.user.empty()) log::info("audit: logout of {} from {}", request.user, request.remote_address);
  }
  auto response = Response::no_content();
  response.headers.set("Set-Cookie", cookie_text("", request.is_tls, true));
  return response;
}

Result<Response> Auth::change_password(const Request& request) {
  if (request.user.empty()) return failure(ErrorCode::kUnauthenticated, "change password", "", "this needs a login");
  const auto body = SecretBody::read(request);
  if (!body) return tl::unexpected(body.error());
  const std::string* const old_password = (*body)->member("old", kMaximumPassword);
  const std::string* const new_password = (*body)->member("new", kMaximumPassword);
  if (old_password == nullptr || new_password == nullptr || (*body)->size() != 2) {
    return failure(ErrorCode::kInvalidArgument, "change password", "", "the body must be {\"old\": …, \"new\": …}");
  }
  if (const auto wait = limiter_.wait(request.remote_address, request.user)) return too_many(*wait);
  if (!users_.log_in(request.user, *old_password)) {
    limiter_.failed(request.remote_address, request.user);
    return failure(ErrorCode::kPermission, "change password", request.user, "the old password is wrong");
  }
  if (Status changed = users_.set_password(request.user, *new_password); !changed) {
    return tl::unexpected(changed.error());
  }
  const auto user = users_.find(request.user);
  sessions_.change_credential(request.user, user ? user->password_hash : "", request.cookie(kCookie).value_or(""));
  log::info("audit: {} changed the password from {}", request.user, request.remote_address);
  return Response::no_content();
}

}  // namespace gnomon::server
