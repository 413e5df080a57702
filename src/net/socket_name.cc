#include "net/socket_name.h"

#include <sys/socket.h>

#include <algorithm>

namespace gnomon::net {

namespace {

using NameOf = int (*)(int, sockaddr*, socklen_t*);

Address unmapped(const Address& address) {
  constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const auto bytes = address.bytes();
  if (bytes.size() != 16 || !std::ranges::equal(bytes.first(12), std::as_bytes(std::span(kMapped)))) return address;
  std::array<std::byte, 4> v4{};
  std::ranges::copy(bytes.last(4), v4.begin());
  return Address::v4(v4);
}

std::optional<Endpoint> name_of(int socket, NameOf ask) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (ask(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return std::nullopt;
  auto endpoint = Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&name), size);
  if (endpoint) endpoint->address = unmapped(endpoint->address);
  return endpoint;
}

}  // namespace

std::optional<Endpoint> local_endpoint(int socket) {
  return name_of(socket, ::getsockname);
}
std::optional<Endpoint> remote_endpoint(int socket) {
  return name_of(socket, ::getpeername);
}

}  // namespace gnomon::net
