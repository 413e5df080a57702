#pragma once

// Quantities as people write them: "40ms", "2%", "100M". Pure functions; nothing when the text is no such quantity.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace gnomon::lab {

// A decimal number and one of ns, us, µs, ms, s. "0" needs no unit. Never negative; at most an hour.
std::optional<Nanoseconds> parse_duration(std::string_view text);
// "2%", "150ppm" or a plain ratio "0.02"; from 0 to 1.
std::optional<double> parse_ratio(std::string_view text);
// Bits per second with k, M, G or T (powers of 1000), an optional "bit/s" or "bps" after it; "unlimited" is 0.
std::optional<std::uint64_t> parse_rate(std::string_view text);
// Bytes with k, M or G (powers of 1000), an optional "B" after it.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
std::optional<std::uint64_t> parse_whole_number(std::string_view text);
// on, off, yes, no, true, false, 1, 0.
std::optional<bool> parse_switch(std::string_view text);

// The shortest text that reads back as the same value (durations to the ns, ratios to the ppm).
std::string format_duration(Nanoseconds duration);
std::string format_ratio(double ratio);
std::string format_rate(std::uint64_t bits_per_second);
std::string format_bytes(std::uint64_t bytes);

}  // namespace gnomon::lab
