#pragma once

// Where a client finds its server: "http://HOST[:PORT][/PREFIX]" or "https://…" (RFC 9110 §4.2). Plain value.

#include <string>
#include <string_view>

#include "core/error.h"

namespace gnomon::http {

struct ServerAddress {
  bool tls = false;
  std::string host;    // without brackets
  std::string port;    // 1 to 65535; the scheme's when the URL names none
  std::string prefix;  // path before every target, without trailing slash

  // kInvalidArgument names what is wrong with the URL.
  static Result<ServerAddress> parse(std::string_view url);
  [[nodiscard]] std::string authority() const;   // "HOST:PORT", "[2001:db8::1]:443"
  [[nodiscard]] std::string host_field() const;  // of a request: without the scheme's own port (RFC 9110 §7.2)
};

}  // namespace gnomon::http
