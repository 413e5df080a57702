#pragma once

// Header fields of every answer: no script, style, frame or connection from elsewhere (CSP Level 3), nothing inline.

#include "http/message.h"

namespace gnomon::server {

// With TLS also Strict-Transport-Security.
// `speed_hosts`: other names of this server that its page may open speed tests at ("v6.example", "[2001:db8::1]:8780").
http::Headers security_headers(bool tls, const std::vector<std::string>& speed_hosts = {});

}  // namespace gnomon::server
