// What a client makes of an answer.

#include <boost/json.hpp>
#include <charconv>

#include "http/client.h"

namespace gnomon::http {

std::optional<std::chrono::seconds> ClientResponse::retry_after() const {
  const auto text = headers.get("Retry-After");
  if (!text) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, fault] = std::from_chars(text->begin(), text->end(), seconds);
  if (fault != std::errc{} || end != text->end()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Error error_of(const ClientResponse& response, std::string operation, std::string subject) {
  ErrorCode code = ErrorCode::kIo;
  switch (response.status) {
    case 400:
      code = ErrorCode::kInvalidArgument;
      break;
    case 401:
      code = ErrorCode::kUnauthenticated;
      break;
    case 403:
      code = ErrorCode::kPermission;
      break;
    case 404:
      code = ErrorCode::kNotFound;
      break;
    case 409:
      code = ErrorCode::kConflict;
      break;
    case 413:
    case 429:
      code = ErrorCode::kExhausted;
      break;
    case 503:
      code = ErrorCode::kUnavailable;
      break;
    default:
      break;  // Not an enum: any number may come.
  }
  std::string reason = fmt::format("the server answered {}", response.status);
  boost::system::error_code fault;
  const auto body = boost::json::parse(response.body, fault);
  if (!fault && body.is_object() && body.as_object().contains("error")) {
    const auto& error = body.as_object().at("error");
    if (error.is_object() && error.as_object().contains("message") && error.as_object().at("message").is_string()) {
      reason = std::string(error.as_object().at("message").as_string());
    }
  }
  return Error{code, std::move(operation), std::move(subject), std::move(reason), {}};
}

}  // namespace gnomon::http
