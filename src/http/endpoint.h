#pragma once

// "ADDRESS:PORT" as it stands in --listen, and who holds a port already. Pure but for holder_of_port, which reads
// /proc.

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/units.h"

namespace gnomon::http {

struct Endpoint {
  std::string address;  // a literal address without brackets; "localhost" becomes 127.0.0.1
  Port port;
};

Result<Endpoint> parse_endpoint(std::string_view text);
// "[::1]:8780" or "127.0.0.1:8780".
std::string to_string(const Endpoint& endpoint);
// 127.0.0.0/8, ::1 and its mapped forms.
bool is_loopback_address(std::string_view address);

// "gnomon (pid 1234)" for the process that listens on this TCP port; nothing when it cannot be seen.
std::optional<std::string> holder_of_port(Port port);

}  // namespace gnomon::http
