#pragma once

// Comparison in time that depends on the lengths alone: for tokens, cookies and tags.

#include <cstddef>
#include <span>
#include <string_view>

namespace gnomon::crypto {

[[nodiscard]] bool secure_equal(std::span<const std::byte> a, std::span<const std::byte> b) noexcept;
[[nodiscard]] bool secure_equal(std::string_view a, std::string_view b) noexcept;

}  // namespace gnomon::crypto
