#pragma once

// Whether bytes are well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure
// function.

#include <cstddef>
#include <span>

namespace gnomon::schema {

bool is_utf8(std::span<const std::byte> bytes) noexcept;

}  // namespace gnomon::schema
