#pragma once

// Errors as HTTP answers: the one table from ErrorCode to status (docs/openapi.yaml, schema Error) and the envelope
// {"error":{"code":"not_found","message":"one line"}}. Pure functions.

#include "core/error.h"
#include "http/message.h"

namespace gnomon::http {

int status_of(ErrorCode code);
// 401 carries WWW-Authenticate, 503 Retry-After.
Response error_response(const Error& error);
// For statuses of HTTP itself that no ErrorCode stands for: 400, 405, 408, 413, 429, 431, 500, 503.
Response error_response(int status, std::string_view code, std::string_view message);

// 426: a resource that has to be upgraded to a protocol (RFC 9110 section 15.5.22).
Response upgrade_required(std::string_view protocol);

}  // namespace gnomon::http
