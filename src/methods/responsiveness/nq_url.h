#pragma once

// "http" and "https" URLs as a responsiveness configuration has them (RFC 3986 §3; draft-ietf-ippm-responsiveness-09,
// "Well-Known Uniform Resource Identifier"). Pure, noexcept, bounded.

#include <cstddef>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "core/units.h"

namespace gnomon::methods::responsiveness {

inline constexpr std::size_t kUrlLimit = 2048;  // bytes

struct NqError {
  const char* reason;      // static text
  std::size_t offset = 0;  // into what was decoded
};

struct NqUrl {
  bool tls = true;
  std::string host;  // without brackets, lower case
  Port port{443};
  std::string path;  // begins with "/", with the query; percent-encoded as it came

  // "HOST", "HOST:PORT" or "[ADDRESS]:PORT", without the scheme's usual port.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool same_server(const NqUrl& other) const {
    return tls == other.tls && host == other.host && port == other.port;
  }
};

// Refuses user names, fragments, and bytes that belong into no URL.
tl::expected<NqUrl, NqError> decode_nq_url(std::string_view text) noexcept;

}  // namespace gnomon::methods::responsiveness
