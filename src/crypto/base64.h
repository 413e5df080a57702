#pragma once

// Base 64, the standard alphabet with padding (RFC 4648 §4). Pure functions.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gnomon::crypto {

std::string to_base64(std::span<const std::byte> bytes);

// Strict: nothing when the length is not a multiple of four, a character is outside the alphabet, padding is misplaced
// or the unused bits are not zero, so that each value has exactly one accepted text.
std::optional<std::vector<std::byte>> from_base64(std::string_view text);

}  // namespace gnomon::crypto
