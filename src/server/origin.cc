#include "server/origin.h"

#include "http/endpoint.h"

namespace gnomon::server {

std::string_view host_name(std::string_view host_header) {
  if (host_header.starts_with('[')) return host_header.substr(1, host_header.find(']') - 1);
  return host_header.substr(0, host_header.find(':'));
}

bool names_this_machine(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  // Only literal addresses: "127.evil.example" is a name.
  const bool literal = host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos &&
                       (host.find(':') != host.npos || host.find_first_not_of("0123456789.") == host.npos);
  return literal && http::is_loopback_address(host);
}

bool from_own_origin(const http::Request& request) {
  const auto site = request.headers.get("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") return false;
  const auto origin = request.headers.get("Origin");
  if (!origin) return true;  // Not a browser; a browser sends it with every request that changes something.
  const auto scheme = origin->find("://");
  return scheme != origin->npos && origin->substr(scheme + 3) == request.headers.get("Host").value_or("");
}

}  // namespace gnomon::server
