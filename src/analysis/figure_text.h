#pragma once

// Figures in words, in English and Chinese: the same rules as the dashboard (three significant digits; delay in ms from
// 1 ms on, in µs below; loss in % down to 0.01, then ppm). Pure functions.

#include <string>

#include "core/clock.h"

namespace gnomon::analysis {

// The same sentence in both languages, each written by itself.
struct Text {
  std::string en;
  std::string zh;
  friend bool operator==(const Text&, const Text&) = default;
};

// The reader's distance from UTC; the text says it: "10:32:10 UTC+8".
struct Zone {
  std::chrono::minutes offset{};
};

std::string delay_text(Nanoseconds delay);        // "8.21 ms", "940 µs"
std::string loss_text(double ratio);              // "0 %", "2.5 %", "80 ppm"
std::string rate_text(double bps);                // "94.2 Mbit/s", "1.2 Gbit/s"
std::string bytes_text(double bytes);             // "64 kB", "1.05 MB"; powers of ten
std::string time_text(WallTime at, Zone zone);    // "10:32:10 UTC"
std::string minute_text(WallTime at, Zone zone);  // "10:32 UTC"
Text length_text(Nanoseconds length);             // "2 min 10 s", "2 分 10 秒"

}  // namespace gnomon::analysis
