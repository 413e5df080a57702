#include "http/request_head.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "http/error_response.h"
#include "http/target.h"

namespace gnomon::http {

namespace {

namespace beast = boost::beast;
namespace wire = boost::beast::http;

Method method_of(wire::verb verb) {
  for (const auto& [known, method] : {std::pair{wire::verb::get, Method::kGet},
                                      {wire::verb::head, Method::kHead},
                                      {wire::verb::post, Method::kPost},
                                      {wire::verb::put, Method::kPut},
                                      {wire::verb::patch, Method::kPatch},
                                      {wire::verb::delete_, Method::kDelete},
                                      {wire::verb::options, Method::kOptions}}) {
    if (verb == known) return method;
  }
  return Method::kOther;
}

bool is_http(boost::system::error_code fault) {
  return fault.category() == wire::make_error_code(wire::error::bad_chunk).category();
}

}  // namespace

std::optional<Response> read_head(const RequestMessage& message, Request& request) {
  if (message.version() != 11 && message.version() != 10) {
    return error_response(505, "unsupported", "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  if (message.count(wire::field::host) > 1 || (message.version() == 11 && message.count(wire::field::host) == 0)) {
    return error_response(400, "invalid_argument", "exactly one Host header is needed");
  }
  if (message.count(wire::field::transfer_encoding) > 0 && !message.chunked()) {
    return error_response(501, "unsupported", "of transfer codings only \"chunked\" is understood");
  }
  const std::string_view target(message.target().data(), message.target().size());
  auto parsed = parse_target(target);
  if (!parsed) {
    return error_response(
        400, "invalid_argument",
        fmt::format("bad request target: {} at byte {}", parsed.error().reason, parsed.error().offset));
  }
  request.method = method_of(message.method());
  request.target = target;
  request.path = std::move(parsed->path);
  request.query = std::move(parsed->query);
  for (const auto& field : message) {
    request.headers.add({field.name_string().data(), field.name_string().size()},
                        {field.value().data(), field.value().size()});
  }
  return std::nullopt;
}

std::optional<Response> upgrade_refusal(const RequestMessage& message, Method method, std::string_view upgrade_to) {
  wire::token_list asked(message[wire::field::upgrade]);
  if (upgrade_to.empty()) {
    // Ignoring it would be allowed (RFC 9110 section 7.8), but a proxy in between might take the frames that follow for
    // a tunnel's, and this server would take them for requests.
    if (!asked.exists("websocket")) return std::nullopt;
    return error_response(501, "unsupported",
                          "WebSocket is not spoken here; GET /api/v1/live streams events (text/event-stream)");
  }
  if (message.version() != 11) return upgrade_required(upgrade_to);
  // One that asks for something else is refused by the router, once the gate has seen who asks.
  if (!asked.exists({upgrade_to.data(), upgrade_to.size()}) || method != Method::kGet) return std::nullopt;
  // Where such a body ended, the two sides of a proxy might see differently.
  if (message.chunked() || message.count(wire::field::content_length) > 0) {
    return error_response(400, "invalid_argument", "a request to upgrade carries no body");
  }
  return std::nullopt;
}

std::optional<Response> header_refusal(boost::system::error_code fault, std::size_t header_limit) {
  if (fault == wire::error::header_limit || fault == wire::error::buffer_overflow) {
    return error_response(431, "invalid_argument", fmt::format("the header is larger than {} bytes", header_limit));
  }
  if (is_http(fault) && fault != wire::error::end_of_stream && fault != wire::error::partial_message) {
    return error_response(400, "invalid_argument", "not an HTTP request: " + fault.message());
  }
  return std::nullopt;
}

std::optional<Response> body_refusal(boost::system::error_code fault, std::size_t offset, std::size_t body_limit) {
  if (fault == wire::error::body_limit) return too_large(body_limit);
  if (fault == wire::error::partial_message) {
    return error_response(400, "invalid_argument", fmt::format("the body ended early, at byte {}", offset));
  }
  if (is_http(fault)) {
    return error_response(400, "invalid_argument", fmt::format("bad body at byte {}: {}", offset, fault.message()));
  }
  return std::nullopt;
}

Response too_large(std::size_t body_limit) {
  return error_response(413, "invalid_argument",
                        fmt::format("the body is larger than {} bytes; send less at once", body_limit));
}

}  // namespace gnomon::http
