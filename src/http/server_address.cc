#include "http/server_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gnomon::http {

Result<ServerAddress> ServerAddress::parse(std::string_view url) {
  const auto bad = [&](std::string reason) {
    return failure(ErrorCode::kInvalidArgument, "read server address", std::string(url), std::move(reason),
                   "write it like http://127.0.0.1:8780");
  };
  ServerAddress address;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad("it does not begin with http:// or https://");
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  address.prefix = rest.substr(slash);
  while (address.prefix.ends_with('/')) address.prefix.pop_back();
  rest = rest.substr(0, slash);
  if (rest.find('@') != rest.npos) return bad("user names and passwords do not belong into it");
  address.port = address.tls ? "443" : "80";
  const auto bracket = rest.rfind(']');
  const auto colon = rest.rfind(':');
  if (colon != rest.npos && (bracket == rest.npos || colon > bracket)) {
    address.port = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    unsigned port = 0;
    const auto [end, fault] = std::from_chars(address.port.data(), address.port.data() + address.port.size(), port);
    if (fault != std::errc{} || *end != '\0' || port == 0 || port > 65535) return bad("the port is not a number");
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return bad("the host is missing");
  address.host = rest;
  return address;
}

std::string ServerAddress::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::string ServerAddress::host_field() const {
  const bool usual = port == (tls ? "443" : "80");
  const std::string whole = authority();
  return usual ? whole.substr(0, whole.rfind(':')) : whole;
}

}  // namespace gnomon::http
