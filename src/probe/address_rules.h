#pragma once

// Which addresses a probe may send to. Pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "core/units.h"

namespace gnomon::probe {

struct LiteralAddress {
  Family family = Family::kIpv4;
  std::string text;  // canonical, as inet_ntop writes it
};

// A literal IPv4 or IPv6 address without scope or port; nothing when it is not one.
std::optional<LiteralAddress> parse_literal(std::string_view text);

// Why packets must not go there ("is a multicast address: …"); nothing when they may. `text` is a literal.
// Refused: unspecified and "this network" (RFC 1122), multicast (RFC 5771, RFC 4291), limited broadcast and the
// reserved 240/4 (RFC 1112), IPv4-mapped IPv6 (say it as IPv4), link-local IPv6 (needs a scope that a fleet does not
// share).
std::optional<std::string> why_refused(std::string_view text);

// A DNS name by RFC 1123 section 2.1: letters, digits, hyphens and dots, at most 253 characters.
bool is_host_name(std::string_view text);

}  // namespace gnomon::probe
