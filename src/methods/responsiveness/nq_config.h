#pragma once

// The configuration that a responsiveness server hands out at /.well-known/nq (draft-ietf-ippm-responsiveness-09,
// "Well-Known Uniform Resource Identifier"), in both spellings of its names: the draft's (`small_download_url`) and
// that of servers and clients before it (`small_https_download_url`), of which the draft's counts when both are there.
//
// The decoder takes bytes of somebody else's server: it builds no tree, keeps at most a name and a URL at a time, and
// never throws.

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "methods/responsiveness/nq_url.h"

namespace gnomon::methods::responsiveness {

inline constexpr std::string_view kWellKnownPath = "/.well-known/nq";
inline constexpr std::size_t kConfigLimit = 64UL * 1024;  // bytes

struct NqConfig {
  NqUrl small, large, upload;                // all three of one server
  std::optional<std::string> test_endpoint;  // a host to connect to instead of the URLs'
};

// As the draft demands, refuses a version other than 1, a mandatory name that is missing, any name of these that comes
// twice, and URLs of different servers. Unknown names are passed over.
tl::expected<NqConfig, NqError> decode_nq_config(std::span<const std::byte> bytes) noexcept;

std::string encode_nq_config(const NqConfig& config);

}  // namespace gnomon::methods::responsiveness
