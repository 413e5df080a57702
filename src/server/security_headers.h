#pragma once

// Header fields of every answer: no script, style, frame or connection from elsewhere (CSP Level 3), nothing inline.

#include "http/message.h"

namespace gnomon::server {

// With TLS also Strict-Transport-Security.
http::Headers security_headers(bool tls);

}  // namespace gnomon::server
