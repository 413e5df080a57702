#pragma once

// What a parsed header block says, and what to answer to one that is wrong (RFC 9112). Private to the server's files.
// Pure functions.

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>

#include "http/message.h"
#include "http/plain_body.h"

namespace gnomon::http {

using RequestParser = boost::beast::http::request_parser<PlainBody>;
using RequestMessage = boost::beast::http::request<PlainBody>;

// Fills in method, target, path, query and headers; an answer when the request is refused.
std::optional<Response> read_head(const RequestMessage& message, Request& request);

// Whether the request asks for what its route upgrades to (`upgrade_to`, empty for most), and may; an answer when not.
std::optional<Response> upgrade_refusal(const RequestMessage& message, Method method, std::string_view upgrade_to);

// What to say when header or body cannot be read; nothing when nobody is left to tell: time-out, reset, gone.
std::optional<Response> header_refusal(boost::system::error_code fault, std::size_t header_limit);
// `offset`: the body's bytes that did arrive.
std::optional<Response> body_refusal(boost::system::error_code fault, std::size_t offset, std::size_t body_limit);

Response too_large(std::size_t body_limit);

}  // namespace gnomon::http
