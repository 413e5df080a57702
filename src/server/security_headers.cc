#include "server/security_headers.h"

#include <fmt/format.h>

namespace gnomon::server {

http::Headers security_headers(bool tls, const std::vector<std::string>& speed_hosts) {
  std::string connect = "'self'";
  for (const std::string& host : speed_hosts) connect += fmt::format(" {}://{}", tls ? "wss" : "ws", host);
  http::Headers headers{
      {"Content-Security-Policy",
       fmt::format("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src {}; "
                   "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
                   connect)},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
  };
  if (tls) headers.set("Strict-Transport-Security", "max-age=31536000");
  return headers;
}

}  // namespace gnomon::server
