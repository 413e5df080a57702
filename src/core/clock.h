#pragma once

// The two clocks. Intervals come from MonotonicTime; WallTime only labels. The types do not mix.
//
// Clocks are injected (`Clock&`), so that schedules and time-outs are tested without sleeping. SystemClock is
// thread-safe; ManualClock belongs to one thread.

#include <chrono>
#include <cstdint>
#include <optional>

namespace gnomon {

using Nanoseconds = std::chrono::nanoseconds;

// A point on CLOCK_MONOTONIC of this machine. Never goes back, means nothing elsewhere.
struct MonotonicTime {
  Nanoseconds since_boot{};

  friend constexpr auto operator<=>(MonotonicTime, MonotonicTime) = default;
  friend constexpr Nanoseconds operator-(MonotonicTime a, MonotonicTime b) { return a.since_boot - b.since_boot; }
  friend constexpr MonotonicTime operator+(MonotonicTime t, Nanoseconds d) { return {t.since_boot + d}; }
  friend constexpr MonotonicTime operator-(MonotonicTime t, Nanoseconds d) { return {t.since_boot - d}; }
};

// A point on CLOCK_REALTIME, UTC, as nanoseconds since 1970-01-01. May step either way at any moment.
struct WallTime {
  Nanoseconds since_epoch{};

  friend constexpr auto operator<=>(WallTime, WallTime) = default;
  friend constexpr Nanoseconds operator-(WallTime a, WallTime b) { return a.since_epoch - b.since_epoch; }
  friend constexpr WallTime operator+(WallTime t, Nanoseconds d) { return {t.since_epoch + d}; }
  friend constexpr WallTime operator-(WallTime t, Nanoseconds d) { return {t.since_epoch - d}; }
};

// Where the time that the program keeps ends: 2200-01-01 as Unix ms. Nanoseconds of it are far from overflowing.
inline constexpr std::int64_t kEndUnixMs = 7'258'118'400'000;

// The moment of a number that came from outside; nothing when it is not in 1970 to 2200.
constexpr std::optional<WallTime> wall_from_unix_ms(std::int64_t unix_ms) {
  if (unix_ms < 0 || unix_ms > kEndUnixMs) return std::nullopt;
  return WallTime{std::chrono::milliseconds(unix_ms)};
}

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  [[nodiscard]] virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override;
  [[nodiscard]] WallTime wall() const override;
};

// A clock that moves only when told. `step_wall` models an operator or NTP stepping the wall clock.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime wall = WallTime{std::chrono::hours(24 * 365 * 50)}) : wall_(wall) {}
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return wall_; }
  void advance(Nanoseconds d) {
    now_.since_boot += d;
    wall_.since_epoch += d;
  }
  void step_wall(Nanoseconds d) { wall_.since_epoch += d; }

 private:
  MonotonicTime now_{std::chrono::seconds(1000)};
  WallTime wall_;
};

}  // namespace gnomon
