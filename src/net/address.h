#pragma once

// Addresses and endpoints of IPv4 and IPv6 as plain values: comparable, hashable, formatted as RFC 5952 says.
// Pure functions; no name is looked up here (net/resolve.h does that).

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/units.h"

struct sockaddr;
struct sockaddr_storage;

namespace gnomon::net {

// An IP address. An IPv6 one may carry a zone (RFC 4007 §11), the index of an interface; 0 means none.
class Address {
 public:
  Address() = default;  // 0.0.0.0
  static Address v4(std::array<std::byte, 4> bytes);
  static Address v6(std::array<std::byte, 16> bytes, std::uint32_t scope_id = 0);
  static Address any(Family family);
  static Address loopback(Family family);
  // Text without brackets; "fe80::1%eth0" and "fe80::1%3" are taken. Nothing when the text is no address, or the
  // named interface does not exist in the calling thread's network namespace.
  static std::optional<Address> parse(std::string_view text);

  [[nodiscard]] Family family() const { return family_; }
  // 4 or 16 bytes, network order.
  [[nodiscard]] std::span<const std::byte> bytes() const;
  [[nodiscard]] std::uint32_t scope_id() const { return scope_id_; }
  [[nodiscard]] Address with_scope(std::uint32_t scope_id) const;

  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_multicast() const;  // also 255.255.255.255
  [[nodiscard]] bool is_link_local() const;
  // The same address, a zone counting only when both have one.
  [[nodiscard]] bool same_host(const Address& other) const;

  friend auto operator<=>(const Address&, const Address&) = default;

 private:
  Family family_ = Family::kIpv4;
  std::array<std::byte, 16> bytes_{};
  std::uint32_t scope_id_ = 0;
};

struct Endpoint {
  Address address;
  Port port{};

  // "192.0.2.1:862", "[2001:db8::1]:862"; the port is required.
  static std::optional<Endpoint> parse(std::string_view text);
  // `size` is that of a sockaddr_in or sockaddr_in6; nothing for another family or a size too small.
  static std::optional<Endpoint> from_sockaddr(const sockaddr* from, std::size_t size);
  // Fills `out` and returns the length to hand to the kernel.
  std::uint32_t to_sockaddr(sockaddr_storage& out) const;

  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

std::string to_string(const Address& address);    // "fe80::1%2"
std::string to_string(const Endpoint& endpoint);  // "[fe80::1%2]:862"

}  // namespace gnomon::net

template <>
struct std::hash<gnomon::net::Address> {
  std::size_t operator()(const gnomon::net::Address& address) const noexcept;
};
template <>
struct std::hash<gnomon::net::Endpoint> {
  std::size_t operator()(const gnomon::net::Endpoint& endpoint) const noexcept;
};
