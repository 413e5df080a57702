#pragma once

// The 64-bit timestamps of STAMP and TWAMP: NTP (RFC 5905 §6: seconds since 1900-01-01, 32 bits of fraction) or
// truncated PTPv2 (RFC 8186: seconds, nanoseconds), and the error estimate beside them. Pure functions.
//
// Both hold 32 bits of seconds and wrap (NTP in 2036, PTPv2 in 2106): a decoder takes the era nearest to a pivot. A
// PTPv2 timestamp is taken on the UTC scale, as senders without a grandmaster fill it; one on TAI shows as a constant
// offset.
//
// Error estimate (RFC 4656 §4.1.2, Z from RFC 8186):
//  0 S: clock is synchronised  1 Z: PTPv2 format  2…7 scale  8…15 multiplier     error = multiplier · 2^(scale − 32) s

#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace gnomon::wire {

enum class TimeFormat : std::uint8_t { kNtp, kPtp };

std::uint64_t encode_timestamp(WallTime time, TimeFormat format) noexcept;
WallTime decode_timestamp(std::uint64_t timestamp, TimeFormat format, WallTime pivot) noexcept;

struct ErrorEstimate {
  bool synchronised = false;
  TimeFormat format = TimeFormat::kNtp;
  Nanoseconds error{};  // upper bound, not negative

  friend bool operator==(const ErrorEstimate&, const ErrorEstimate&) = default;
};

// Rounds the error up, and never to a multiplier of 0, which RFC 4656 forbids.
std::uint16_t encode_error_estimate(const ErrorEstimate& estimate) noexcept;
// Nothing when the multiplier is 0: "the packet is considered corrupt" (RFC 4656 §4.1.2).
std::optional<ErrorEstimate> decode_error_estimate(std::uint16_t word) noexcept;

}  // namespace gnomon::wire
