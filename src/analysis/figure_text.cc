#include "analysis/figure_text.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace gnomon::analysis {

namespace {

// Three significant digits without an exponent: 8.21, 12.3, 940.
std::string three_digits(double value) {
  const double size = std::abs(value);
  const int whole = size < 1 ? 0 : static_cast<int>(std::floor(std::log10(size))) + 1;
  std::string text = fmt::format("{:.{}f}", value, std::max(0, 3 - std::max(whole, 1)));
  return text;
}

// The same without zeros that say nothing.
std::string short_digits(double value) {
  std::string text = three_digits(value);
  if (text.find('.') == std::string::npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string zone_text(Zone zone) {
  const auto minutes = zone.offset.count();
  if (minutes == 0) return "UTC";
  const auto size = std::abs(minutes);
  const char sign = minutes < 0 ? '-' : '+';
  if (size % 60 == 0) return fmt::format("UTC{}{}", sign, size / 60);
  return fmt::format("UTC{}{}:{:02}", sign, size / 60, size % 60);
}

std::int64_t second_of_day(WallTime at, Zone zone) {
  const auto local = std::chrono::floor<std::chrono::seconds>(at.since_epoch + zone.offset);
  return ((local.count() % 86'400) + 86'400) % 86'400;
}

}  // namespace

std::string delay_text(Nanoseconds delay) {
  const auto ns = static_cast<double>(delay.count());
  if (std::abs(ns) >= 1e6) return three_digits(ns / 1e6) + " ms";
  return three_digits(ns / 1e3) + " µs";
}

std::string loss_text(double ratio) {
  if (ratio <= 0) return "0 %";
  if (ratio < 0.0001) return short_digits(ratio * 1e6) + " ppm";
  return short_digits(ratio * 100) + " %";
}

std::string rate_text(double bps) {
  if (bps >= 1e9) return short_digits(bps / 1e9) + " Gbit/s";
  if (bps >= 1e6) return short_digits(bps / 1e6) + " Mbit/s";
  return short_digits(bps / 1e3) + " kbit/s";
}

std::string bytes_text(double bytes) {
  if (bytes >= 1e9) return short_digits(bytes / 1e9) + " GB";
  if (bytes >= 1e6) return short_digits(bytes / 1e6) + " MB";
  if (bytes >= 1e3) return short_digits(bytes / 1e3) + " kB";
  return short_digits(bytes) + " B";
}

std::string time_text(WallTime at, Zone zone) {
  const std::int64_t s = second_of_day(at, zone);
  return fmt::format("{:02}:{:02}:{:02} {}", s / 3600, s / 60 % 60, s % 60, zone_text(zone));
}

std::string minute_text(WallTime at, Zone zone) {
  const std::int64_t s = second_of_day(at, zone);
  return fmt::format("{:02}:{:02} {}", s / 3600, s / 60 % 60, zone_text(zone));
}

Text length_text(Nanoseconds length) {
  const auto s = std::chrono::round<std::chrono::seconds>(length).count();
  if (s < 60) return {fmt::format("{} s", s), fmt::format("{} 秒", s)};
  if (s < 3600) {
    if (s % 60 == 0) return {fmt::format("{} min", s / 60), fmt::format("{} 分钟", s / 60)};
    return {fmt::format("{} min {} s", s / 60, s % 60), fmt::format("{} 分 {} 秒", s / 60, s % 60)};
  }
  if (s < 48 * 3600L) {
    const auto minutes = s / 60 % 60;
    if (minutes == 0) return {fmt::format("{} h", s / 3600), fmt::format("{} 小时", s / 3600)};
    return {fmt::format("{} h {} min", s / 3600, minutes), fmt::format("{} 小时 {} 分", s / 3600, minutes)};
  }
  return {fmt::format("{} days", s / 86'400), fmt::format("{} 天", s / 86'400)};
}

}  // namespace gnomon::analysis
