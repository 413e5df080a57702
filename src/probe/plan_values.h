#pragma once

// The scalar values of a plan, from text. Pure functions; nothing means that the text is not such a value.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/units.h"

namespace gnomon::probe {

// "250ms", "1s", "1.5s", "2m"; units ns, us, ms, s, m, h. The unit may not be left out.
std::optional<Nanoseconds> parse_duration(std::string_view text);
// As parse_duration reads it: "250ms", "10s".
// "50GB", "1.5 TB": powers of 1000; at most 10^15 bytes.
std::optional<ByteCount> parse_bytes(std::string_view text);
std::string print_duration(Nanoseconds duration);

// Digits only, within the range.
std::optional<std::uint64_t> parse_whole_number(std::string_view text, std::uint64_t least, std::uint64_t greatest);
std::optional<double> parse_number(std::string_view text);

// A number from 0 to 63, or a name of RFC 2474, 2597, 3246, 5865 or 8622: CS0 to CS7, AF11 to AF43, EF, VA, LE.
std::optional<Dscp> parse_dscp(std::string_view text);

// What a target, site, group or measurement may be called: 1 to 64 letters, digits, "." "_" "-", and UTF-8 letters.
bool is_name(std::string_view text);

}  // namespace gnomon::probe
