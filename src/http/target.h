#pragma once

// The request target (RFC 9112 section 3.2.1, origin form) and percent-encoding (RFC 3986 section 2.1). Pure, noexcept,
// bounded.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "http/message.h"

namespace gnomon::http {

inline constexpr std::size_t kTargetLimit = 8192;    // bytes
inline constexpr std::size_t kQueryFieldLimit = 64;  // name=value pairs

struct TargetError {
  const char* reason;  // static text
  std::size_t offset;  // into the target
};

struct Target {
  std::string path;
  Fields query;
};

// Refuses what could name something else than it seems to: "." and ".." segments (also percent-encoded), encoded
// slashes, backslashes, control bytes, broken escapes, bytes that are not UTF-8.
tl::expected<Target, TargetError> parse_target(std::string_view target) noexcept;

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Everything but unreserved characters encoded.
std::string percent_encode(std::string_view text);

}  // namespace gnomon::http
