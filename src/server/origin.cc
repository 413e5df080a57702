#include "server/origin.h"

#include <algorithm>

#include "http/endpoint.h"

namespace gnomon::server {

std::string_view host_name(std::string_view host_header) {
  if (host_header.starts_with('[')) {
    const auto end = std::min(host_header.find(']'), host_header.size());
    const auto rest = host_header.substr(end);
    // "[::1].evil.example" is no address: as it stands it names nobody.
    return rest == "]" || rest.starts_with("]:") ? host_header.substr(1, end - 1) : host_header;
  }
  return host_header.substr(0, host_header.find(':'));
}

bool names_this_machine(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  // Only literal addresses: "127.evil.example" is a name.
  const bool literal = host.find_first_not_of("0123456789abcdefABCDEF:.") == host.npos &&
                       (host.find(':') != host.npos || host.find_first_not_of("0123456789.") == host.npos);
  return literal && http::is_loopback_address(host);
}

bool from_origin_among(const http::Request& request, const std::vector<std::string>& hosts) {
  const auto origin = request.headers.get("Origin").value_or("");
  const auto scheme = origin.find("://");
  if (scheme != origin.npos && std::ranges::find(hosts, origin.substr(scheme + 3)) != hosts.end()) return true;
  return from_own_origin(request);
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
