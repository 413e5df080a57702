#pragma once

// The opening handshake of WebSocket (RFC 6455 section 4), both sides. Pure functions.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace gnomon::http {

// base64(SHA-1(key + GUID)), section 4.2.2.
std::string websocket_accept(std::string_view key);
// Whether a comma-separated header names `protocol`.
bool offers_protocol(const Headers& headers, std::string_view protocol);

// What is wrong with a request that the server has found to ask for "websocket" (Route::upgrade_to): 400 for a wrong
// key or when `protocol` is not offered, 426 for another version; nothing when it may be accepted.
std::optional<Response> websocket_refusal(const Request& request, std::string_view protocol);
// 101 with `protocol`, or the refusal.
Response accept_websocket(const Request& request, std::string_view protocol, std::function<void(ByteStream&)> serve);

}  // namespace gnomon::http
