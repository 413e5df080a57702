// What a client makes of an answer.

#include <boost/json.hpp>
#include <charconv>

#include "http/client.h"

namespace gnomon::http {

namespace {

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalidArgument;
    case 401:
      return ErrorCode::kUnauthenticated;
    case 403:
      return ErrorCode::kPermission;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 413:
    case 429:
      return ErrorCode::kExhausted;
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kIo;  // Not an enum: any number may come.
  }
}

}  // namespace

std::optional<std::chrono::seconds> ClientResponse::retry_after() const {
  const auto text = headers.get("Retry-After");
  if (!text) return std::nullopt;
  unsigned seconds = 0;
  const auto [end, fault] = std::from_chars(text->begin(), text->end(), seconds);
  if (fault != std::errc{} || end != text->end()) return std::nullopt;
  return std::chrono::seconds(seconds);
}

Error error_of(const ClientResponse& response, std::string operation, std::string subject) {
  std::string reason = fmt::format("the server answered {}", response.status);
  boost::system::error_code fault;
  const auto body = boost::json::parse(response.body, fault);
  if (!fault && body.is_object() && body.as_object().contains("error")) {
    const auto& error = body.as_object().at("error");
    if (error.is_object() && error.as_object().contains("message") && error.as_object().at("message").is_string()) {
      reason = std::string(error.as_object().at("message").as_string());
    }
  }
  return Error{code_of(response.status), std::move(operation), std::move(subject), std::move(reason), {}};
}

}  // namespace gnomon::http
