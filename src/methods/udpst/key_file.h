#pragma once

// Shared secrets with their key ids, in the format of udpst's key files: one "KeyID,Key" a line, separated by commas,
// blanks or tabs; `#` begins a comment. Pure but for read_key_file.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gnomon::methods::udpst {

struct SharedKey {
  std::uint8_t id = 0;
  std::string secret;  // 1 to 64 characters
  friend bool operator==(const SharedKey&, const SharedKey&) = default;
};

// kInvalidArgument names the line. Never empty; no id twice.
Result<std::vector<SharedKey>> parse_keys(std::string_view text, const std::string& file_name);
Result<std::vector<SharedKey>> read_key_file(const std::string& path);

const SharedKey* find_key(const std::vector<SharedKey>& keys, std::uint8_t id);

}  // namespace gnomon::methods::udpst
