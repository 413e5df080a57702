#include "schema/utf8.h"

#include <cstdint>

namespace gnomon::schema {

bool is_utf8(std::span<const std::byte> bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto octet = [&](std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); };
    const std::uint32_t first = octet(at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > bytes.size() - at) return false;
    std::uint32_t point = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if ((octet(at + i) & 0xc0) != 0x80) return false;
      point = point << 6 | (octet(at + i) & 0x3f);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    at += length;
  }
  return true;
}

}  // namespace gnomon::schema
