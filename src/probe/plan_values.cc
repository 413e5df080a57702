#include "probe/plan_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

namespace gnomon::probe {
namespace {

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array<Unit, 6> kUnits{{{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 24) return std::nullopt;
  const bool plain = std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
  if (!plain) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  const std::size_t split = text.find_first_not_of("0123456789.");
  if (split == std::string_view::npos || split == 0) return std::nullopt;
  const auto number = parse_number(text.substr(0, split));
  std::string_view unit = text.substr(split);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto* const found = std::ranges::find(kUnits, unit, &Unit::name);
  if (!number || found == kUnits.end()) return std::nullopt;
  constexpr double kYear = 365.0 * 86400e9;
  const double nanoseconds = *number * found->nanoseconds;
  if (nanoseconds > kYear) return std::nullopt;
  return Nanoseconds{static_cast<std::int64_t>(nanoseconds + 0.5)};
}

std::optional<ByteCount> parse_bytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> kByteUnits{
      {{"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}};
  const std::size_t split = text.find_first_not_of("0123456789.");
  if (split == std::string_view::npos || split == 0) return std::nullopt;
  const auto number = parse_number(text.substr(0, split));
  std::string_view unit = text.substr(split);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto* const found = std::ranges::find(kByteUnits, unit, &std::pair<std::string_view, double>::first);
  if (!number || found == kByteUnits.end() || *number * found->second > 1e15) return std::nullopt;
  return ByteCount{static_cast<std::uint64_t>(*number * found->second + 0.5)};
}

std::string print_duration(Nanoseconds duration) {
  const auto count = duration.count();
  if (count != 0 && count % 1'000'000'000 == 0) return fmt::format("{}s", count / 1'000'000'000);
  if (count % 1'000'000 == 0) return fmt::format("{}ms", count / 1'000'000);
  if (count % 1'000 == 0) return fmt::format("{}us", count / 1'000);
  return fmt::format("{}ns", count);
}

std::optional<std::uint64_t> parse_whole_number(std::string_view text, std::uint64_t least, std::uint64_t greatest) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (value < least || value > greatest) return std::nullopt;
  return value;
}

std::optional<Dscp> parse_dscp(std::string_view text) {
  if (const auto number = parse_whole_number(text, 0, 63)) return Dscp{static_cast<std::uint8_t>(*number)};
  const auto digit = [&](std::size_t i, int least, int greatest) {
    const int value = text[i] - '0';
    return value >= least && value <= greatest ? std::optional(value) : std::nullopt;
  };
  if (text == "EF") return Dscp{46};
  if (text == "VA") return Dscp{44};
  if (text == "LE") return Dscp{1};
  if (text.size() == 3 && text.starts_with("CS")) {
    if (const auto precedence = digit(2, 0, 7)) return Dscp{static_cast<std::uint8_t>(*precedence * 8)};
  }
  if (text.size() == 4 && text.starts_with("AF")) {
    const auto assured = digit(2, 1, 4);
    const auto drop = digit(3, 1, 3);
    if (assured && drop) return Dscp{static_cast<std::uint8_t>(*assured * 8 + *drop * 2)};
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  return std::ranges::all_of(
      text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c >= 0x80; });
}

}  // namespace gnomon::probe
