#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gnomon::net {
namespace {

std::uint8_t octet(std::byte b) {
  return std::to_integer<std::uint8_t>(b);
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> parse_zone(std::string_view zone) {
  if (auto index = parse_number<std::uint32_t>(zone)) return index;
  if (zone.empty() || zone.size() >= IF_NAMESIZE) return std::nullopt;
  const std::uint32_t index = ::if_nametoindex(std::string(zone).c_str());
  return index == 0 ? std::nullopt : std::optional(index);
}

}  // namespace

Address Address::v4(std::array<std::byte, 4> bytes) {
  Address address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

Address Address::v6(std::array<std::byte, 16> bytes, std::uint32_t scope_id) {
  Address address;
  address.family_ = Family::kIpv6;
  address.bytes_ = bytes;
  address.scope_id_ = scope_id;
  return address;
}

Address Address::any(Family family) {
  Address address;
  address.family_ = family;
  return address;
}

Address Address::loopback(Family family) {
  Address address = any(family);
  if (family == Family::kIpv4) address.bytes_[0] = std::byte{127};
  address.bytes_[family == Family::kIpv4 ? 3 : 15] = std::byte{1};
  return address;
}

std::optional<Address> Address::parse(std::string_view text) {
  const auto percent = text.find('%');
  const std::string host(text.substr(0, percent));
  Address address;
  if (percent == std::string_view::npos && ::inet_pton(AF_INET, host.c_str(), address.bytes_.data()) == 1) {
    return address;
  }
  address.family_ = Family::kIpv6;
  if (::inet_pton(AF_INET6, host.c_str(), address.bytes_.data()) != 1) return std::nullopt;
  if (percent != std::string_view::npos) {
    const auto zone = parse_zone(text.substr(percent + 1));
    if (!zone) return std::nullopt;
    address.scope_id_ = *zone;
  }
  return address;
}

std::span<const std::byte> Address::bytes() const {
  return std::span(bytes_).first(family_ == Family::kIpv4 ? 4 : 16);
}

Address Address::with_scope(std::uint32_t scope_id) const {
  Address address = *this;
  address.scope_id_ = scope_id;
  return address;
}

bool Address::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](std::byte b) { return b == std::byte{0}; });
}

bool Address::is_loopback() const {
  if (family_ == Family::kIpv4) return octet(bytes_[0]) == 127;
  return same_host(loopback(Family::kIpv6));
}

bool Address::is_multicast() const {
  if (family_ == Family::kIpv6) return octet(bytes_[0]) == 0xff;
  const bool broadcast = std::all_of(bytes_.begin(), bytes_.begin() + 4, [](std::byte b) { return octet(b) == 0xff; });
  return broadcast || (octet(bytes_[0]) & 0xf0) == 0xe0;
}

bool Address::is_link_local() const {
  if (family_ == Family::kIpv4) return octet(bytes_[0]) == 169 && octet(bytes_[1]) == 254;
  return octet(bytes_[0]) == 0xfe && (octet(bytes_[1]) & 0xc0) == 0x80;
}

bool Address::same_host(const Address& other) const {
  if (family_ != other.family_ || bytes_ != other.bytes_) return false;
  return scope_id_ == other.scope_id_ || scope_id_ == 0 || other.scope_id_ == 0;
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = Address::parse(host);
  if (!port || !address || bracketed != (address->family() == Family::kIpv6)) return std::nullopt;
  return Endpoint{*address, Port{*port}};
}

std::optional<Endpoint> Endpoint::from_sockaddr(const sockaddr* from, std::size_t size) {
  if (size >= sizeof(sockaddr_in) && from->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, from, sizeof in);
    std::array<std::byte, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return Endpoint{Address::v4(bytes), Port{ntohs(in.sin_port)}};
  }
  if (size >= sizeof(sockaddr_in6) && from->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, from, sizeof in);
    std::array<std::byte, 16> bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return Endpoint{Address::v6(bytes, in.sin6_scope_id), Port{ntohs(in.sin6_port)}};
  }
  return std::nullopt;
}

std::uint32_t Endpoint::to_sockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  const auto bytes = address.bytes();
  if (address.family() == Family::kIpv4) {
    auto& in = reinterpret_cast<sockaddr_in&>(out);
    in.sin_family = AF_INET;
    in.sin_port = htons(port.value);
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    return sizeof in;
  }
  auto& in = reinterpret_cast<sockaddr_in6&>(out);
  in.sin6_family = AF_INET6;
  in.sin6_port = htons(port.value);
  in.sin6_scope_id = address.scope_id();
  std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
  return sizeof in;
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = address.family() == Family::kIpv4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, address.bytes().data(), text.data(), text.size());
  std::string out = text.data();
  if (address.scope_id() != 0) out += "%" + std::to_string(address.scope_id());
  return out;
}

std::string to_string(const Endpoint& endpoint) {
  const std::string host = to_string(endpoint.address);
  const std::string port = std::to_string(endpoint.port.value);
  return endpoint.address.family() == Family::kIpv4 ? host + ":" + port : "[" + host + "]:" + port;
}

}  // namespace gnomon::net

std::size_t std::hash<gnomon::net::Address>::operator()(const gnomon::net::Address& address) const noexcept {
  const auto bytes = address.bytes();
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::hash<std::string_view>{}(view);
}

std::size_t std::hash<gnomon::net::Endpoint>::operator()(const gnomon::net::Endpoint& endpoint) const noexcept {
  return std::hash<gnomon::net::Address>{}(endpoint.address) * 31 + endpoint.port.value;
}
