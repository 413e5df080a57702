#include "server/address_prefix.h"

#include <arpa/inet.h>

#include <cstring>

namespace gnomon::server {

std::string address_prefix(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";
  if (address.starts_with(kMapped) && address.find('.') != address.npos) address.remove_prefix(kMapped.size());
  char text[INET6_ADDRSTRLEN] = {};
  in_addr ipv4{};
  if (inet_pton(AF_INET, std::string(address).c_str(), &ipv4) == 1) {
    ipv4.s_addr &= htonl(0xffffff00);
    inet_ntop(AF_INET, &ipv4, text, sizeof text);
    return std::string(text) + "/24";
  }
  in6_addr ipv6{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), &ipv6) != 1) return "?";
  std::memset(ipv6.s6_addr + 6, 0, 10);
  inet_ntop(AF_INET6, &ipv6, text, sizeof text);
  return std::string(text) + "/48";
}

}  // namespace gnomon::server
