#include "analysis/path_state.h"

#include <algorithm>
#include <cmath>

#include "core/loss_run.h"

namespace gnomon::analysis {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kSurely = 3.29;      // one in a thousand: thousands of paths are judged every ten seconds
constexpr double kLossMargin = 0.01;  // above the baseline
constexpr std::uint64_t kLeastLost = 3;
constexpr std::uint64_t kLeastAnswered = 5;
constexpr Nanoseconds kSilence = milliseconds(1900);  // 2 s by the sending times of packets, which vary a little
constexpr std::uint64_t kBrokenInTime = 3;
constexpr Nanoseconds kBrokenTime = milliseconds(9500);  // a window of 10 s that closed a little early counts
constexpr double kDelayRatio = 0.2;
constexpr Nanoseconds kDelayStep = milliseconds(1);
constexpr double kDelayRelief = 0.7;  // of the step: below it a shift is over
constexpr Nanoseconds kRelapse = std::chrono::minutes(10);
constexpr int kMostRelapses = 4;
constexpr int kForgivenOutages = 2;  // repairs that fail, or somebody who tries a link

struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  [[nodiscard]] double ratio() const { return sent == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(sent); }
};

WallTime start_of(const WindowFacts& window) {
  return window.end - window.duration;
}

bool all_lost(const WindowFacts& window) {
  return window.sent > 0 && window.lost >= window.sent && !window.vantage_sick;
}

// Its loss and delay say nothing about the path.
bool is_left_out(const WindowFacts& window) {
  return window.vantage_sick || (window.under_test && !all_lost(window));
}

Tally tally(std::span<const WindowFacts> windows, WallTime after) {
  Tally sum;
  for (const WindowFacts& window : windows) {
    if (window.end <= after || is_left_out(window)) continue;
    sum.sent += window.sent;
    sum.lost += window.lost;
  }
  return sum;
}

bool surely_lossy(Tally sum, double usual) {
  return sum.lost >= kLeastLost && wilson_lower(sum.lost, sum.sent, kSurely) > usual + kLossMargin;
}

// The start of the run of windows at the end that lost everything; nothing when it is too short to say so.
std::optional<WallTime> broken_since(std::span<const WindowFacts> recent, double usual) {
  std::uint64_t sent = 0;
  Nanoseconds length{};
  WallTime start{};
  for (auto window = recent.rbegin(); window != recent.rend() && all_lost(*window); ++window) {
    sent += window->sent;
    length += window->duration;
    start = start_of(*window);
  }
  const bool silent = sent >= losses_beyond_chance(usual) && length >= kSilence;
  if (silent || (sent >= kBrokenInTime && length >= kBrokenTime)) return start;
  return std::nullopt;
}

// The loss ratio of the shortest look back that is surely lossy.
std::optional<double> lossy(std::span<const WindowFacts> recent, WallTime pool_from, double usual) {
  const WallTime end = recent.back().end;
  const WallTime looks[] = {start_of(recent.back()), end - std::chrono::minutes(1), end - kPool};
  for (const WallTime look : looks) {
    const Tally sum = tally(recent, std::max(look, pool_from));
    if (surely_lossy(sum, usual)) return sum.ratio();
  }
  return std::nullopt;
}

Nanoseconds delay_step(Nanoseconds usual) {
  const auto part = Nanoseconds(static_cast<std::int64_t>(static_cast<double>(usual.count()) * kDelayRatio));
  return std::max(part, kDelayStep);
}

// True when the last two windows that have a delay are both above `limit`.
bool two_above(std::span<const WindowFacts> recent, Nanoseconds limit) {
  int above = 0;
  for (auto window = recent.rbegin(); window != recent.rend() && above < 2; ++window) {
    if (!window->rtt_p50 || is_left_out(*window)) continue;
    if (*window->rtt_p50 <= limit) return false;
    ++above;
  }
  return above == 2;
}

// True when the last `needed` windows, or all of five minutes, are at or below `limit`.
bool all_below(std::span<const WindowFacts> recent, Nanoseconds limit, int needed) {
  int below = 0;
  for (auto window = recent.rbegin(); window != recent.rend() && below < needed; ++window) {
    if (window->under_test && is_left_out(*window)) continue;
    if (!window->rtt_p50 || *window->rtt_p50 > limit) return false;
    ++below;
  }
  return below >= 2;
}

// How much more proof of recovery a path needs that fell ill again and again: 1, 4, 16, …
int patience(const Verdict& verdict) {
  int factor = 1;
  const int outages = verdict.outages - kForgivenOutages;
  for (int i = 0; i < std::max(verdict.relapses, outages); ++i) factor *= 4;
  return factor;
}

struct CleanRun {
  std::uint64_t sent = 0;
  Nanoseconds length{};
};

// Packets answered in a row, by whole windows, up to now.
CleanRun clean_run(std::span<const WindowFacts> recent, double usual) {
  CleanRun run;
  for (auto window = recent.rbegin(); window != recent.rend(); ++window) {
    if (window->under_test && is_left_out(*window)) continue;
    const Tally one{window->sent, window->lost};
    if (one.lost > 0 && one.ratio() > usual) break;
    run.sent += one.sent;
    run.length += window->duration;
  }
  return run;
}

bool loss_is_over(const Verdict& previous, std::span<const WindowFacts> recent, double usual) {
  const double rate = std::clamp(previous.loss_ratio, 0.01, 1.0);
  const double needed = std::max(3.0 / rate, static_cast<double>(kLeastAnswered)) * patience(previous);
  const CleanRun run = clean_run(recent, usual);
  if (static_cast<double>(run.sent) >= needed || run.length >= kPool - seconds(20)) return true;
  // Not clean, but five minutes of ordinary loss.
  if (recent.back().end - previous.since < kPool) return false;
  const Tally sum = tally(recent, recent.back().end - kPool);
  return sum.sent > 0 && sum.ratio() < usual + kLossMargin;
}

Verdict enter(const Verdict& previous, PathState state, WallTime since) {
  Verdict next;
  next.state = state;
  next.since = previous.state == state ? previous.since : since;
  next.pool_from = previous.pool_from;
  next.was_broken = previous.was_broken || state == PathState::kBroken;
  next.recovered = previous.recovered;
  next.relapses = previous.relapses;
  next.repaired = previous.repaired;
  next.outages = previous.outages;
  if (next.was_broken && !previous.was_broken) {
    const bool again = previous.repaired && since - *previous.repaired < kRelapse;
    next.outages = again ? std::min(previous.outages + 1, kMostRelapses + kForgivenOutages) : 0;
  }
  const bool falls_ill = previous.state == PathState::kGood && state == PathState::kDegraded;
  if (falls_ill) {
    const bool again = previous.recovered && since - *previous.recovered < kRelapse;
    next.relapses = again ? std::min(previous.relapses + 1, kMostRelapses) : 0;
  }
  return next;
}

Verdict good(const Verdict& previous, const WindowFacts& newest) {
  Verdict next = enter(previous, PathState::kGood, start_of(newest));
  const bool was_bad = previous.state == PathState::kDegraded || previous.state == PathState::kBroken;
  if (was_bad) {
    next.pool_from = newest.end;
    next.recovered = previous.was_broken ? std::nullopt : std::optional(newest.end);
    if (previous.was_broken) next.repaired = newest.end;
    next.was_broken = false;
  }
  return next;
}

Verdict degraded_by_loss(const Verdict& previous, const WindowFacts& newest, double ratio) {
  Verdict next = enter(previous, PathState::kDegraded, start_of(newest));
  next.cause = Cause::kLoss;
  next.loss_ratio = ratio;
  return next;
}

Verdict broken(const Verdict& previous, WallTime since) {
  Verdict next = enter(previous, PathState::kBroken, since);
  next.cause = Cause::kLoss;
  next.loss_ratio = 1;
  return next;
}

// Degraded, because the median shifted; nothing when it did not, or is back.
std::optional<Verdict> degraded_by_delay(const Verdict& previous, std::span<const WindowFacts> recent,
                                         const Baseline& baseline) {
  const bool was = previous.state == PathState::kDegraded && previous.cause == Cause::kDelay;
  const std::optional<Nanoseconds> usual = baseline.rtt_p50;
  if (!usual) return was ? std::optional(previous) : std::nullopt;
  const Nanoseconds step = delay_step(*usual);
  const auto relief = Nanoseconds(static_cast<std::int64_t>(static_cast<double>(step.count()) * kDelayRelief));
  if (was ? all_below(recent, *usual + relief, 2 * patience(previous)) : !two_above(recent, *usual + step)) {
    return std::nullopt;
  }
  const WindowFacts& newest = recent.back();
  const bool alone = recent.size() < 2;
  Verdict next = enter(previous, PathState::kDegraded, start_of(alone ? newest : recent[recent.size() - 2]));
  next.cause = Cause::kDelay;
  next.before = usual;
  next.after = newest.rtt_p50 ? newest.rtt_p50 : previous.after;
  return next;
}

// Something came through while a test filled the line.
Verdict while_under_test(const Verdict& previous, const WindowFacts& newest) {
  switch (previous.state) {
    case PathState::kGood:
    case PathState::kDegraded:
      return previous;
    case PathState::kBroken:
      return degraded_by_loss(previous, newest, 0.5);
    case PathState::kSick:
    case PathState::kStale:
    case PathState::kUnknown:
      return good(previous, newest);
  }
  return previous;
}

}  // namespace

std::string_view to_string(PathState state) {
  switch (state) {
    case PathState::kGood:
      return "good";
    case PathState::kDegraded:
      return "degraded";
    case PathState::kBroken:
      return "broken";
    case PathState::kStale:
      return "stale";
    case PathState::kSick:
      return "sick";
    case PathState::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::optional<PathState> parse_path_state(std::string_view word) {
  for (std::size_t i = 0; i < kPathStates; ++i) {
    const auto state = static_cast<PathState>(i);
    if (word == to_string(state)) return state;
  }
  return std::nullopt;
}

double wilson_lower(std::uint64_t lost, std::uint64_t sent, double z) {
  if (sent == 0) return 0;
  const auto n = static_cast<double>(sent);
  const double p = static_cast<double>(lost) / n;
  const double z2 = z * z;
  const double centre = p + z2 / (2 * n);
  const double spread = z * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return std::max(0.0, (centre - spread) / (1 + z2 / n));
}

Verdict next_verdict(const Verdict& previous, std::span<const WindowFacts> recent, const Baseline& baseline) {
  const WindowFacts& newest = recent.back();
  while (recent.front().end <= newest.end - kPool && recent.size() > 1) recent = recent.subspan(1);
  const double usual = std::clamp(baseline.loss_ratio, 0.0, kBaselineLossCap);

  if (newest.vantage_sick || newest.outcome == schema::Outcome::kNotSent) {
    return enter(previous, PathState::kSick, start_of(newest));
  }
  if (newest.outcome == schema::Outcome::kNoAddress) {
    // A name that never had an address of this family is no outage; one that lost it is.
    if (!baseline.rtt_p50) return enter(previous, PathState::kUnknown, start_of(newest));
    return broken(previous, start_of(newest));
  }
  if (newest.sent == 0) return previous;
  if (is_left_out(newest)) return while_under_test(previous, newest);

  if (const auto since = broken_since(recent, usual)) return broken(previous, *since);
  if (const auto ratio = lossy(recent, previous.pool_from, usual)) {
    // Broken stays broken until packets come back in a row; a window with a few answers is degraded already.
    const bool over = previous.cause == Cause::kLoss && loss_is_over(previous, recent, usual);
    if (!over) return degraded_by_loss(previous, newest, *ratio);
  } else if (previous.cause == Cause::kLoss && !loss_is_over(previous, recent, usual)) {
    const double ratio_now = previous.state == PathState::kBroken ? 0.5 : previous.loss_ratio;
    if (previous.state == PathState::kBroken && all_lost(newest)) return previous;
    return degraded_by_loss(previous, newest, ratio_now);
  }
  if (auto shifted = degraded_by_delay(previous, recent, baseline)) return *shifted;
  return good(previous, newest);
}

}  // namespace gnomon::analysis
