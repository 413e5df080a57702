#include "lab/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace gnomon::lab {

namespace {

struct Number {
  double value = 0;
  std::string_view unit;
};

std::optional<Number> split(std::string_view text) {
  Number number;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (fault != std::errc{} || !std::isfinite(number.value) || number.value < 0) return std::nullopt;
  number.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return number;
}

template <std::size_t N>
std::optional<double> scaled(const Number& number, const std::array<std::pair<std::string_view, double>, N>& units) {
  for (const auto& [unit, scale] : units) {
    if (number.unit == unit) return number.value * scale;
  }
  return std::nullopt;
}

constexpr double kLongestNanoseconds = 3.6e12;
constexpr double kFastestRate = 1e15;
constexpr double kMostBytes = 1e12;

// At most three decimals, none that is an idle zero.
std::string shortest(double value) {
  std::string text = fmt::format("{:.3f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  const auto number = split(text);
  if (!number) return std::nullopt;
  if (number->unit.empty()) return number->value == 0 ? std::optional(Nanoseconds{0}) : std::nullopt;
  const auto value = scaled(*number, kUnits);
  if (!value || *value > kLongestNanoseconds) return std::nullopt;
  return Nanoseconds{std::llround(*value)};
}

std::optional<double> parse_ratio(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 3> kUnits{{{"", 1}, {"%", 1e-2}, {"ppm", 1e-6}}};
  const auto number = split(text);
  if (!number) return std::nullopt;
  const auto value = scaled(*number, kUnits);
  return value && *value <= 1 ? value : std::nullopt;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"T", 1e12}}};
  if (text == "unlimited") return 0;
  for (const std::string_view ending : {"bit/s", "bps"}) {
    if (text.ends_with(ending)) text.remove_suffix(ending.size());
  }
  const auto number = split(text);
  if (!number) return std::nullopt;
  const auto value = scaled(*number, kUnits);
  if (!value || *value > kFastestRate) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value));
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
      {{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}};
  if (text.ends_with('B')) text.remove_suffix(1);
  const auto number = split(text);
  if (!number) return std::nullopt;
  const auto value = scaled(*number, kUnits);
  if (!value || *value > kMostBytes) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*value));
}

std::optional<std::uint64_t> parse_whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_switch(std::string_view text) {
  if (text == "on" || text == "yes" || text == "true" || text == "1") return true;
  if (text == "off" || text == "no" || text == "false" || text == "0") return false;
  return std::nullopt;
}

std::string format_duration(Nanoseconds duration) {
  const auto count = static_cast<double>(duration.count());
  if (duration.count() == 0) return "0";
  if (duration.count() < 1'000) return fmt::format("{}ns", duration.count());
  if (duration.count() < 1'000'000) return shortest(count / 1e3) + "us";
  // A value that three decimals of ms would round is given in µs.
  if (duration.count() % 1'000 != 0) return shortest(count / 1e3) + "us";
  // The same of s.
  if (duration.count() < 10'000'000'000 || duration.count() % 1'000'000 != 0) return shortest(count / 1e6) + "ms";
  return shortest(count / 1e9) + "s";
}

std::string format_ratio(double ratio) {
  if (ratio == 0) return "0%";
  if (ratio < 1e-4) return shortest(ratio * 1e6) + "ppm";
  return fmt::format("{:.6g}%", ratio * 100);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::pair<std::uint64_t, const char*>, 3> kUnits{
      {{1'000'000'000, "GB"}, {1'000'000, "MB"}, {1'000, "kB"}}};
  for (const auto& [scale, unit] : kUnits) {
    if (bytes >= scale && bytes % (scale / 1000) == 0) {
      return shortest(static_cast<double>(bytes) / static_cast<double>(scale)) + unit;
    }
  }
  return fmt::format("{}B", bytes);
}

std::string format_rate(std::uint64_t bits_per_second) {
  if (bits_per_second == 0) return "unlimited";
  static constexpr std::array<std::pair<std::uint64_t, const char*>, 4> kUnits{
      {{1'000'000'000'000, "T"}, {1'000'000'000, "G"}, {1'000'000, "M"}, {1'000, "k"}}};
  for (const auto& [scale, unit] : kUnits) {
    if (bits_per_second >= scale && bits_per_second % (scale / 1000) == 0) {
      return shortest(static_cast<double>(bits_per_second) / static_cast<double>(scale)) + unit;
    }
  }
  return fmt::format("{}", bits_per_second);
}

}  // namespace gnomon::lab
