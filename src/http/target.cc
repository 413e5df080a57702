#include "http/target.h"

namespace gnomon::http {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 3629: shortest form only, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += length;
  }
  return true;
}

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

// What is wrong with one decoded path segment; null when nothing.
const char* segment_fault(std::string_view segment, bool last) {
  if (segment.empty() && !last) return "empty path segment";
  if (segment == "." || segment == "..") return "path segment \".\" or \"..\"";
  if (segment.find_first_of("/\\") != segment.npos) return "slash or backslash inside a path segment";
  if (has_control(segment)) return "control byte in the path";
  if (!is_utf8(segment)) return "path is not UTF-8";
  return nullptr;
}

tl::expected<std::string, TargetError> parse_path(std::string_view raw) {
  std::string path;
  std::size_t begin = 1;
  while (true) {
    const auto end = std::min(raw.find('/', begin), raw.size());
    const bool last = end == raw.size();
    const auto segment = percent_decode(raw.substr(begin, end - begin), false);
    if (!segment) return tl::unexpected(TargetError{"broken percent-encoding in the path", begin});
    if (const char* fault = segment_fault(*segment, last)) return tl::unexpected(TargetError{fault, begin});
    path += '/';
    path += *segment;
    if (last) return path;
    begin = end + 1;
  }
}

tl::expected<Fields, TargetError> parse_query(std::string_view raw, std::size_t base) {
  Fields fields;
  std::size_t begin = 0;
  std::size_t count = 0;
  while (begin < raw.size()) {
    const auto end = std::min(raw.find('&', begin), raw.size());
    const std::string_view pair = raw.substr(begin, end - begin);
    if (!pair.empty()) {
      if (++count > kQueryFieldLimit) return tl::unexpected(TargetError{"too many query fields", base + begin});
      const auto equals = pair.find('=');
      auto name = percent_decode(pair.substr(0, equals), true);
      auto value = percent_decode(equals == pair.npos ? "" : pair.substr(equals + 1), true);
      if (!name || !value) return tl::unexpected(TargetError{"broken percent-encoding in the query", base + begin});
      if (!is_utf8(*name) || !is_utf8(*value) || has_control(*name) || has_control(*value)) {
        return tl::unexpected(TargetError{"query is not plain UTF-8 text", base + begin});
      }
      fields.insert_or_assign(std::move(*name), std::move(*value));
    }
    begin = end + 1;
  }
  return fields;
}

// The absolute form, which servers must accept too (RFC 9112 section 3.2.2), as origin form.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    return slash == target.npos ? std::string_view("/") : target.substr(slash);
  }
  return target;
}

}  // namespace

tl::expected<Target, TargetError> parse_target(std::string_view target) noexcept {
  if (target.size() > kTargetLimit) return tl::unexpected(TargetError{"target too long", kTargetLimit});
  target = origin_form(target);
  if (target.empty() || target.front() != '/')
    return tl::unexpected(TargetError{"target does not begin with \"/\"", 0});
  target = target.substr(0, target.find('#'));
  const auto question = std::min(target.find('?'), target.size());
  auto path = parse_path(target.substr(0, question));
  if (!path) return tl::unexpected(path.error());
  const std::size_t base = std::min(question + 1, target.size());
  auto query = parse_query(target.substr(base), base);
  if (!query) return tl::unexpected(query.error());
  return Target{std::move(*path), std::move(*query)};
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace gnomon::http
