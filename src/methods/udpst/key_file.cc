#include "methods/udpst/key_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>

namespace gnomon::methods::udpst {
namespace {

constexpr std::size_t kLongestSecret = 64;
constexpr std::size_t kLargestFile = 64 * 1024;
constexpr std::string_view kSeparators = ", \t\r";

std::string_view next_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(kSeparators), line.size());
  const auto end = std::min(line.find_first_of(kSeparators, begin), line.size());
  const auto word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::optional<std::uint8_t> key_id(std::string_view word) {
  std::uint8_t id = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (fault != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return id;
}

}  // namespace

Result<std::vector<SharedKey>> parse_keys(std::string_view text, const std::string& file_name) {
  std::vector<SharedKey> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const auto first = next_word(line);
    if (first.empty()) continue;
    const auto secret = next_word(line);
    const auto id = key_id(first);
    const auto wrong = [&](std::string reason) {
      return failure(ErrorCode::kInvalidArgument, "read key file", fmt::format("{}:{}", file_name, number),
                     std::move(reason), "write KEYID,KEY with KEYID 0 to 255 and KEY of 1 to 64 characters");
    };
    if (!id) return wrong("the line does not begin with a key id");
    if (secret.empty() || secret.size() > kLongestSecret) return wrong("the key is missing or too long");
    if (!next_word(line).empty()) return wrong("something follows the key");
    if (find_key(keys, *id) != nullptr) return wrong(fmt::format("key id {} stands there twice", *id));
    keys.push_back({*id, std::string(secret)});
  }
  if (keys.empty()) {
    return failure(ErrorCode::kInvalidArgument, "read key file", file_name, "it holds no key", "add a line KEYID,KEY");
  }
  return keys;
}

Result<std::vector<SharedKey>> read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return errno_failure(errno, "read key file", path, "give a file that you may read");
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile) {
    return failure(ErrorCode::kInvalidArgument, "read key file", path, "it has more than 64 kB");
  }
  return parse_keys(text, path);
}

const SharedKey* find_key(const std::vector<SharedKey>& keys, std::uint8_t id) {
  const auto found = std::ranges::find(keys, id, &SharedKey::id);
  return found == keys.end() ? nullptr : &*found;
}

}  // namespace gnomon::methods::udpst
