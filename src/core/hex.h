#pragma once

// Lower-case hexadecimal text. Pure functions.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gnomon {

std::string to_hex(std::span<const std::byte> bytes);
// Nothing when the length is odd or a character is not a hex digit (upper case is accepted).
std::optional<std::vector<std::byte>> from_hex(std::string_view text);

}  // namespace gnomon
