#pragma once

// The status line and header fields of an answer as bytes (RFC 9112 sections 4 to 6), and chunks. Pure but for the
// Date.

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.h"

namespace gnomon::http {

// 1xx, 204 and 304 carry no body (RFC 9110 section 6.4.1).
bool has_body(int status);

// `defaults` are added where the response does not set the same name. `length`: of the body; without it the answer is
// chunked, or ends with the connection.
std::string response_head(const Response& response, const Headers& defaults, std::optional<std::uint64_t> length,
                          bool keep_alive, bool chunked = false);

std::string chunk_of(std::string_view bytes);

}  // namespace gnomon::http
