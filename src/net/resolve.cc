#include "net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

namespace gnomon::net {
namespace {

std::string_view family_word(std::optional<Family> family) {
  if (!family) return "address";
  return *family == Family::kIpv4 ? "IPv4 address" : "IPv6 address";
}

tl::unexpected<Error> resolver_failure(int code, const std::string& name, std::optional<Family> family) {
  if (code == EAI_AGAIN) {
    return failure(ErrorCode::kUnavailable, "look up", name, "the name servers do not answer",
                   "check /etc/resolv.conf and the way to the servers it names, or give an address");
  }
  if (code == EAI_ADDRFAMILY || code == EAI_NODATA) {
    return failure(ErrorCode::kNotFound, "look up", name, "the name has no " + std::string(family_word(family)),
                   family ? "try without -4 or -6" : "check its DNS records");
  }
  if (code == EAI_NONAME) {
    const std::string what = family ? ", or has no " + std::string(family_word(family)) : "";
    return failure(ErrorCode::kNotFound, "look up", name, "no such host" + what,
                   family ? "check the spelling, or try without -4 or -6" : "check the spelling");
  }
  return failure(ErrorCode::kIo, "look up", name, ::gai_strerror(code));
}

}  // namespace

Result<std::vector<Address>> resolve(const std::string& name, std::optional<Family> family) {
  if (const auto literal = Address::parse(name)) {
    if (!family || *family == literal->family()) return std::vector{*literal};
    return failure(ErrorCode::kInvalidArgument, "look up", name, "is not an " + std::string(family_word(family)),
                   "leave out -4 or -6");
  }
  addrinfo hints{};
  hints.ai_family = !family ? AF_UNSPEC : *family == Family::kIpv4 ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (code != 0) return resolver_failure(code, name, family);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<Address> addresses;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    const auto endpoint = Endpoint::from_sockaddr(entry->ai_addr, entry->ai_addrlen);
    if (!endpoint || std::find(addresses.begin(), addresses.end(), endpoint->address) != addresses.end()) continue;
    addresses.push_back(endpoint->address);
  }
  if (addresses.empty()) return resolver_failure(EAI_NONAME, name, family);
  return addresses;
}

}  // namespace gnomon::net
