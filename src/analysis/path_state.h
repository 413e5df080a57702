#pragma once

// Is a path good? The verdict over its recent windows, and how it moves from one verdict to the next.
//
//   broken    everything was lost for 2 s with at least 5 packets, more where the path usually loses some, so that
//   chance
//             explains it once in 10¹⁰ packets (core/loss_run.h); or for 10 s with at least 3 packets
//   degraded  loss surely above the path's own baseline by a percentage point (Wilson's lower bound at z = 3.29 of the
//             newest window, the last minute or five minutes; at least 3 lost packets), or two windows in a row whose
//             median round trip is above its baseline by 20 % and at least 1 ms
//   sick      the vantage says that it is not well, or could not send: nothing is said about the path
//   stale     set by whoever watches the clock: no window came for 30 s
//   unknown   nothing was measured yet
//
// A window of the time in which a speed test filled an access at either end (ADR 0017) says only whether anything comes
// through: its loss and its delay are the test's doing and count neither for trouble nor for recovery, but when it lost
// everything it counts as any other. Until the next window without a test the verdict stays as it was; a broken path
// that answers meanwhile is degraded.
//
// Recovery takes more than one lucky window: a loss rate r is over when so many packets in a row were answered that r
// would have lost one of them with 95 % certainty (3/r packets), a shift of delay when two windows are back. A path
// that is degraded again within ten minutes needs four times as much each time, up to five minutes, so that a path that
// loses now and then is one trouble and not a dozen. An outage that was repaired may come back once before that counts
// as a relapse.
//
// Pure functions over plain values; times are those of the windows, never of the machine that judges.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/clock.h"
#include "schema/delay_window.h"

namespace gnomon::analysis {

enum class PathState : std::uint8_t { kGood, kDegraded, kBroken, kStale, kSick, kUnknown };
inline constexpr std::size_t kPathStates = 6;
std::string_view to_string(PathState state);
std::optional<PathState> parse_path_state(std::string_view word);

// What a verdict needs of a window.
struct WindowFacts {
  WallTime end;
  Nanoseconds duration{};
  schema::Outcome outcome = schema::Outcome::kAnswered;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::optional<Nanoseconds> rtt_p50;
  bool vantage_sick = false;
  bool under_test = false;  // a speed test filled an access at either end
};

// How the path usually is.
struct Baseline {
  std::optional<Nanoseconds> rtt_p50;
  double loss_ratio = 0;  // 0 to 1; at most kBaselineLossCap excuses loss
};

inline constexpr Nanoseconds kPool = std::chrono::minutes(5);  // windows older than this are not looked at
inline constexpr Nanoseconds kStaleAfter = std::chrono::seconds(30);
inline constexpr double kBaselineLossCap = 0.05;

enum class Cause : std::uint8_t { kNone, kLoss, kDelay };

struct Verdict {
  PathState state = PathState::kUnknown;
  WallTime since;  // meaningless while unknown
  Cause cause = Cause::kNone;
  double loss_ratio = 0;              // that made it degraded or broken
  std::optional<Nanoseconds> before;  // the baseline and the delay that made it degraded
  std::optional<Nanoseconds> after;
  WallTime pool_from;  // windows that ended before are over and done with
  // Of the path's history, to see relapses.
  bool was_broken = false;            // within this trouble
  std::optional<WallTime> recovered;  // when it was last good again after being degraded only
  int relapses = 0;
  std::optional<WallTime> repaired;  // when it was last good again after being broken
  int outages = 0;                   // further ones, each within ten minutes of the last repair
};

// `recent`: windows oldest first, the newest just arrived; those older than kPool before its end are ignored. `recent`
// must not be empty.
Verdict next_verdict(const Verdict& previous, std::span<const WindowFacts> recent, const Baseline& baseline);

// Wilson's score interval, lower end: the true ratio is at least this, at `z` standard deviations; 0 when sent is 0.
double wilson_lower(std::uint64_t lost, std::uint64_t sent, double z);

}  // namespace gnomon::analysis
