#pragma once

// Why bytes from outside were refused, and where. Plain value; building one allocates nothing.

#include <cstdint>
#include <string_view>
#include <tl/expected.hpp>

namespace gnomon::wire {

struct DecodeError {
  std::string_view reason;   // a string literal
  std::uint32_t offset = 0;  // of the first byte that is wrong or missing

  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

template <typename T>
using Decoded = tl::expected<T, DecodeError>;

inline tl::unexpected<DecodeError> malformed(std::string_view reason, std::size_t offset) noexcept {
  return tl::make_unexpected(DecodeError{reason, static_cast<std::uint32_t>(offset)});
}

}  // namespace gnomon::wire
