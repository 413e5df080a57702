#include "lab/addressing.h"

#include <arpa/inet.h>

namespace gnomon::lab {

namespace {

std::byte low(std::size_t value) {
  return static_cast<std::byte>(value & 0xFF);
}

template <std::size_t N>
std::string text_of(int family, const std::array<std::byte, N>& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(family, address.data(), text.data(), text.size()) == nullptr ? std::string() : text.data();
}

}  // namespace

AddressPair site_address(std::size_t site) {
  const std::size_t number = site + 1;
  // The decimal digits of the number, read as hexadecimal: fd77:12::1 belongs to 10.77.12.1.
  const std::size_t digits = number / 100 * 256 + number / 10 % 10 * 16 + number % 10;
  AddressPair pair{.ipv4 = {std::byte{10}, std::byte{77}, low(number), std::byte{1}}, .ipv6 = {}};
  pair.ipv6[0] = std::byte{0xfd};
  pair.ipv6[1] = std::byte{0x77};
  pair.ipv6[2] = low(digits >> 8);
  pair.ipv6[3] = low(digits);
  pair.ipv6[15] = std::byte{1};
  return pair;
}

AddressPair link_address(std::size_t link, int end) {
  const auto side = static_cast<std::size_t>(end);
  AddressPair pair{.ipv4 = {std::byte{10}, std::byte{78}, low(link / 128), low(link % 128 * 2 + side)}, .ipv6 = {}};
  pair.ipv6[0] = std::byte{0xfd};
  pair.ipv6[1] = std::byte{0x78};
  pair.ipv6[2] = low(link >> 8);
  pair.ipv6[3] = low(link);
  pair.ipv6[15] = low(side + 1);
  return pair;
}

MacBytes link_mac(std::size_t link, int end) {
  return {std::byte{0x02}, std::byte{0x77}, low(link >> 8),
          low(link),       std::byte{0},    low(static_cast<std::size_t>(end) + 1)};
}

std::string to_text(const Ipv4Bytes& address) {
  return text_of(AF_INET, address);
}
std::string to_text(const Ipv6Bytes& address) {
  return text_of(AF_INET6, address);
}

}  // namespace gnomon::lab
