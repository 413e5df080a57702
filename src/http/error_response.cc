#include "http/error_response.h"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace gnomon::http {

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kPermission:
      return 403;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kExhausted:
      return 503;
    case ErrorCode::kCorrupt:
      return 500;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kIo:
      return 500;
  }
  return 500;
}

Response error_response(int status, std::string_view code, std::string_view message) {
  const auto quoted = [](std::string_view text) { return boost::json::serialize(boost::json::string(text)); };
  auto response =
      Response::json(fmt::format(R"({{"error":{{"code":{},"message":{}}}}})", quoted(code), quoted(message)), status);
  response.headers.set("Cache-Control", "no-store");
  if (status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"gnomon\"");
  if (status == 503) response.headers.set("Retry-After", "5");
  return response;
}

Response error_response(const Error& error) {
  return error_response(status_of(error.code), to_string(error.code), error.message());
}

Response upgrade_required(std::string_view protocol) {
  auto refusal = error_response(
      426, "invalid_argument",
      fmt::format("this resource speaks {} only: GET it with Upgrade: {}, over HTTP/1.1", protocol, protocol));
  refusal.headers.set("Upgrade", protocol);
  return refusal;
}

}  // namespace gnomon::http
