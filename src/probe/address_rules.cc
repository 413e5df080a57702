#include "probe/address_rules.h"

#include <arpa/inet.h>

#include <array>
#include <cctype>
#include <cstring>

namespace gnomon::probe {

std::optional<LiteralAddress> parse_literal(std::string_view text) {
  const std::string zero_ended(text);
  std::array<unsigned char, 16> raw{};
  std::array<char, INET6_ADDRSTRLEN> printed{};
  if (zero_ended.size() != std::strlen(zero_ended.c_str())) return std::nullopt;
  for (const int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, zero_ended.c_str(), raw.data()) != 1) continue;
    inet_ntop(family, raw.data(), printed.data(), printed.size());
    return LiteralAddress{family == AF_INET ? Family::kIpv4 : Family::kIpv6, printed.data()};
  }
  return std::nullopt;
}

namespace {

std::optional<std::string> why_refused_ipv4(const std::array<unsigned char, 16>& raw) {
  if (raw[0] == 0) return "means \"this network\" and no host (RFC 1122)";
  if (raw[0] >= 224 && raw[0] < 240) return "is a multicast address; a probe measures single hosts only";
  if (raw[0] == 255 && raw[1] == 255 && raw[2] == 255 && raw[3] == 255) {
    return "is the broadcast address; a probe measures single hosts only";
  }
  if (raw[0] >= 240) return "is in the reserved block 240.0.0.0/4";
  return std::nullopt;
}

std::optional<std::string> why_refused_ipv6(const std::array<unsigned char, 16>& raw) {
  static constexpr std::array<unsigned char, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr std::array<unsigned char, 16> kUnspecified{};
  if (raw == kUnspecified) return "is the unspecified address and no host";
  if (raw[0] == 0xff) return "is a multicast address; a probe measures single hosts only";
  if (raw[0] == 0xfe && (raw[1] & 0xc0) == 0x80) {
    return "is a link-local address, which means something else on every link; use a global or unique local address";
  }
  if (std::memcmp(raw.data(), kMapped.data(), kMapped.size()) == 0) {
    return "is an IPv4-mapped address; write it as IPv4";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_refused(std::string_view text) {
  const std::string zero_ended(text);
  std::array<unsigned char, 16> raw{};
  if (inet_pton(AF_INET, zero_ended.c_str(), raw.data()) == 1) return why_refused_ipv4(raw);
  if (inet_pton(AF_INET6, zero_ended.c_str(), raw.data()) == 1) return why_refused_ipv6(raw);
  return "is not an IPv4 or IPv6 address";
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (text.back() == '.') text.remove_suffix(1);
  std::size_t label = 0;
  bool has_letter = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      if (label == 0 || text[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    const bool alnum = std::isalnum(static_cast<unsigned char>(c)) != 0;
    has_letter = has_letter || std::isalpha(static_cast<unsigned char>(c)) != 0;
    if (!alnum && (c != '-' || label == 0) && c != '_') return false;
    if (++label > 63) return false;
  }
  return label > 0 && text.back() != '-' && has_letter;
}

}  // namespace gnomon::probe
