#pragma once

// Content codings of bodies (RFC 8878 for zstd). Pure.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

namespace gnomon::http {

// Expands at most to `limit` bytes: kInvalidArgument when it is not zstd, ends early, or would be larger.
Result<std::string> zstd_expand(std::string_view packed, std::size_t limit);
// What a frame says about itself; nothing when it does not say, or is none.
std::optional<std::size_t> zstd_expanded_size(std::string_view packed);
Result<std::string> zstd_pack(std::string_view plain);

}  // namespace gnomon::http
