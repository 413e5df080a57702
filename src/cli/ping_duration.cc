#include "cli/ping_duration.h"

#include <charconv>

namespace gnomon::cli {

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  double seconds = 0;
  if (unit.empty() || unit == "s") {
    seconds = number;
  } else if (unit == "ms") {
    seconds = number / 1e3;
  } else if (unit == "us") {
    seconds = number / 1e6;
  } else if (unit == "m" || unit == "min") {
    seconds = number * 60;
  } else {
    return std::nullopt;
  }
  if (!(seconds > 0 && seconds <= 86'400)) return std::nullopt;
  return Nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

}  // namespace gnomon::cli
