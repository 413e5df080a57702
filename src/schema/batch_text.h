#pragma once

// Texts in a batch are chosen by whoever holds a probe's key, and end up in logs, terminals, pages and files: they are
// UTF-8, of bounded length, and without control characters (C0, DEL, C1). Pure.

#include <cstddef>
#include <span>

namespace gnomon::schema {

inline constexpr std::size_t kMaximumName = 256;       // bytes of a name or an address
inline constexpr std::size_t kMaximumSentence = 2048;  // bytes of a complaint or a reason

bool is_plain_text(std::span<const std::byte> text, std::size_t limit = kMaximumName) noexcept;

}  // namespace gnomon::schema
