#pragma once

// The lab's addresses: every site and link end has its own, told from its number alone. Pure functions.
//
//   site N (from 1)       10.77.N.1/32              fd77:N::1/128      on lo; N as its decimal digits in both
//   link L (from 0), a    10.78.L/128.2(L%128)/31   fd78:L::1/64       L in hexadecimal in the IPv6 address
//                    b    the odd one of the two    fd78:L::2/64

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace gnomon::lab {

using Ipv4Bytes = std::array<std::byte, 4>;
using Ipv6Bytes = std::array<std::byte, 16>;
using MacBytes = std::array<std::byte, 6>;

struct AddressPair {
  Ipv4Bytes ipv4{};
  Ipv6Bytes ipv6{};
};

// `site` is the index into Region::sites, 0 to 199.
AddressPair site_address(std::size_t site);
// `end` is 0 for a, 1 for b.
AddressPair link_address(std::size_t link, int end);
// Of the site's interface; locally administered.
MacBytes link_mac(std::size_t link, int end);

std::string to_text(const Ipv4Bytes& address);
std::string to_text(const Ipv6Bytes& address);

}  // namespace gnomon::lab
