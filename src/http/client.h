#pragma once

// A blocking HTTP/1.1 client with deadlines, plain and TLS, keeping one connection alive between requests.
//
// One thread at a time per Client; cancel() alone may be called from any thread. Redirects are not followed. A kept
// connection that the server closed meanwhile is opened anew, once, when no byte of an answer had come and the request
// is a GET, HEAD or marked `repeatable`.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/message.h"

namespace gnomon::http {

struct ClientOptions {
  std::string ca_file;  // PEM; empty: the system's authorities
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{30'000};  // from sending to the answer's last byte
  std::size_t response_limit = 16UL * 1024 * 1024;
  Headers headers;  // sent with every request, e.g. Authorization
};

struct ClientRequest {
  Method method = Method::kGet;
  std::string target = "/";  // path and query, percent-encoded
  Headers headers;
  std::string body;
  bool repeatable = false;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
  // Seconds of Retry-After (delay form only); nothing when absent or not a number.
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
};

class Client {
 public:
  // `url`: "http://HOST[:PORT][/PREFIX]" or "https://…". Nothing is sent yet.
  static Result<Client> create(std::string_view url, ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Any HTTP status is a value. Errors: kUnavailable (refused, unreachable, timed out, cancelled), kPermission
  // (certificate), kCorrupt (not HTTP), kExhausted (answer over the limit).
  Result<ClientResponse> send(const ClientRequest& request);
  Result<ClientResponse> get(std::string_view target);
  Result<ClientResponse> post(std::string_view target, std::string body, std::string_view content_type);

  // Ends a request under way with kUnavailable, and every later one.
  void cancel();
  [[nodiscard]] const std::string& host() const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What a non-2xx answer of a Gnomon server says, as an Error (the envelope's message when there is one).
Error error_of(const ClientResponse& response, std::string operation, std::string subject);

}  // namespace gnomon::http
