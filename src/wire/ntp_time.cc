#include "wire/ntp_time.h"

#include <algorithm>
#include <limits>

namespace gnomon::wire {
namespace {

constexpr std::int64_t kNtpToUnixSeconds = 2'208'988'800;  // RFC 5905 §6, 1900 to 1970
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kEra = std::int64_t{1} << 32;

__extension__ using Uint128 = unsigned __int128;

struct SecondsAndNanos {
  std::int64_t seconds;
  std::int64_t nanos;  // [0, 10^9)
};

SecondsAndNanos split(WallTime time) noexcept {
  std::int64_t seconds = time.since_epoch.count() / kNanosPerSecond;
  std::int64_t nanos = time.since_epoch.count() % kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  }
  return {seconds, nanos};
}

// The seconds congruent to `low` modulo 2^32 that are nearest to the pivot.
std::int64_t unwrap(std::uint32_t low, std::int64_t pivot_seconds) noexcept {
  const auto distance = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(pivot_seconds));
  return pivot_seconds + distance;
}

WallTime join(std::int64_t seconds, std::int64_t nanos) noexcept {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  return WallTime{Nanoseconds{std::clamp(seconds, -kLimit, kLimit) * kNanosPerSecond + nanos}};
}

}  // namespace

std::uint64_t encode_timestamp(WallTime time, TimeFormat format) noexcept {
  const auto [seconds, nanos] = split(time);
  if (format == TimeFormat::kPtp) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(seconds)) << 32 | static_cast<std::uint64_t>(nanos);
  }
  const auto ntp_seconds = static_cast<std::uint32_t>(seconds + kNtpToUnixSeconds);
  // Rounded to the nearest, so that decoding gives the same nanosecond again.
  const auto fraction = (static_cast<std::uint64_t>(nanos) * static_cast<std::uint64_t>(kEra) + kNanosPerSecond / 2) /
                        static_cast<std::uint64_t>(kNanosPerSecond);
  return static_cast<std::uint64_t>(ntp_seconds) << 32 | std::min<std::uint64_t>(fraction, 0xffff'ffff);
}

WallTime decode_timestamp(std::uint64_t timestamp, TimeFormat format, WallTime pivot) noexcept {
  const std::int64_t pivot_seconds = split(pivot).seconds;
  const auto high = static_cast<std::uint32_t>(timestamp >> 32);
  const auto low = static_cast<std::uint32_t>(timestamp);
  if (format == TimeFormat::kPtp) {
    return join(unwrap(high, pivot_seconds), std::min<std::int64_t>(low, kNanosPerSecond - 1));
  }
  const std::int64_t seconds = unwrap(high, pivot_seconds + kNtpToUnixSeconds) - kNtpToUnixSeconds;
  const auto nanos = (static_cast<std::uint64_t>(low) * kNanosPerSecond + (std::uint64_t{1} << 31)) >> 32;
  return join(seconds, static_cast<std::int64_t>(nanos));
}

std::uint16_t encode_error_estimate(const ErrorEstimate& estimate) noexcept {
  // In units of 2^-32 s, rounded up; 128 bits because an error of hours overflows 64.
  const auto nanos = static_cast<Uint128>(std::max<std::int64_t>(estimate.error.count(), 0));
  Uint128 units = (nanos * kEra + kNanosPerSecond - 1) / kNanosPerSecond;
  std::uint16_t scale = 0;
  while (units > 255 && scale < 63) {
    units = (units + 1) / 2;
    ++scale;
  }
  const auto multiplier = static_cast<std::uint16_t>(units > 255 ? 255 : std::max<std::uint64_t>(units, 1));
  const std::uint16_t flags = static_cast<std::uint16_t>((estimate.synchronised ? 0x8000 : 0) |
                                                         (estimate.format == TimeFormat::kPtp ? 0x4000 : 0));
  return static_cast<std::uint16_t>(flags | scale << 8 | multiplier);
}

std::optional<ErrorEstimate> decode_error_estimate(std::uint16_t word) noexcept {
  const std::uint64_t multiplier = word & 0xff;
  if (multiplier == 0) return std::nullopt;
  const int scale = word >> 8 & 0x3f;
  ErrorEstimate estimate;
  estimate.synchronised = (word & 0x8000) != 0;
  estimate.format = (word & 0x4000) != 0 ? TimeFormat::kPtp : TimeFormat::kNtp;
  const auto nanos = ((static_cast<Uint128>(multiplier) << scale) * kNanosPerSecond + kEra - 1) >> 32;
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  estimate.error = Nanoseconds{static_cast<std::int64_t>(nanos > kMax ? kMax : static_cast<std::uint64_t>(nanos))};
  return estimate;
}

}  // namespace gnomon::wire
