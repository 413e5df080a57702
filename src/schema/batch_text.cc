#include "schema/batch_text.h"

#include "schema/utf8.h"

namespace gnomon::schema {

namespace {

bool has_control(std::span<const std::byte> text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = std::to_integer<unsigned>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F, which some terminals obey as they do ESC.
    if (byte == 0xC2 && i + 1 < text.size() && std::to_integer<unsigned>(text[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

bool is_plain_text(std::span<const std::byte> text, std::size_t limit) noexcept {
  return text.size() <= limit && !has_control(text) && is_utf8(text);
}

}  // namespace gnomon::schema
