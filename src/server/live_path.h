#pragma once

// One path of the live state: its recent windows, its minutes of the last hour, its verdict. Not thread-safe.

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/path_state.h"
#include "core/clock.h"
#include "schema/delay_window.h"
#include "server/live_view.h"
#include "store/point.h"

namespace gnomon::server {

// Figures of one minute of the wall clock, by the start of its windows. A path has 64 of them: narrow numbers, and
// 4,294,967,295 packets a minute are the most that it counts.
struct MinuteSample {
  std::int32_t minute = -1;  // since 1970; -1: none
  std::uint32_t sent = 0;
  std::uint32_t lost = 0;
  std::uint32_t quiet_sent = 0, quiet_lost = 0;  // of windows without a speed test
  std::optional<Nanoseconds> rtt_p50;            // of those, when there are any
};

class LivePath {
 public:
  LivePath(std::shared_ptr<const PathIdentity> identity, MonotonicTime now);

  // What a window, or the passing of time, meant.
  struct Update {
    bool state_changed = false;
    std::optional<analysis::Verdict> report;  // worth a change: broken, degraded, or good again
    std::optional<WallTime> trouble_since;    // of the trouble that ended
  };

  // `sequence`: of its batch; batches of one probe are numbered in the order in which their windows closed.
  Update add(const schema::DelayWindow& window, std::uint64_t sequence, MonotonicTime now);
  // A speed test filled an access at either end from `from` to `to`, and this is told only now: the windows of that
  // time are marked, and trouble that is none without them is judged again as if it had been known.
  Update note_test(WallTime from, WallTime to);
  // True when it became stale.
  bool tick(MonotonicTime now);
  // After this it is stale if nothing more arrives; nothing for a path that is stale already or never had a window.
  [[nodiscard]] std::optional<MonotonicTime> fresh_until() const;

  // Before any add(), in this order: trouble that was reported earlier, minutes from old to new, windows by time.
  // Nothing is reported by these.
  void load_trouble(PathState state, WallTime since);
  void load_minute(std::int64_t minute, std::uint64_t sent, std::uint64_t lost, std::optional<Nanoseconds> rtt_p50);
  void load_windows(const std::vector<store::Point>& windows, const store::Point* merged, MonotonicTime last_arrival);
  void load_last(WallTime last, MonotonicTime last_arrival);

  [[nodiscard]] const PathIdentity& identity() const { return *identity_; }
  [[nodiscard]] const std::shared_ptr<const PathIdentity>& shared_identity() const { return identity_; }
  void set_identity(std::shared_ptr<const PathIdentity> identity) { identity_ = std::move(identity); }

  [[nodiscard]] PathState state() const { return stale_ ? PathState::kStale : verdict_.state; }
  [[nodiscard]] PathView view() const;
  [[nodiscard]] const MinuteFigures& figures() const { return figures_; }
  [[nodiscard]] const std::deque<schema::DelayWindow>& recent() const { return recent_; }
  [[nodiscard]] MonotonicTime last_arrival() const { return last_arrival_; }

  // The path's change within the last hour, when there is one; `score` ranks it against others.
  struct Shift {
    ChangedPath changed;
    double score = 0;
  };
  [[nodiscard]] std::optional<Shift> shift(std::int64_t now_minute) const;

  bool queued = false;         // in one of the owner's lists of changed rows
  bool queued_urgent = false;  // in that of changed states

 private:
  void remember(const schema::DelayWindow& window);
  void move_back(Nanoseconds step, std::int64_t minute);
  void count_minute(const schema::DelayWindow& window, bool newest);
  void refresh_figures();
  [[nodiscard]] analysis::Baseline baseline(std::int64_t minute) const;
  [[nodiscard]] std::optional<MinuteSample> sample(std::int64_t minute) const;
  Update judge();
  Update report();

  static constexpr std::size_t kMinutes = 64;

  std::shared_ptr<const PathIdentity> identity_;
  std::deque<schema::DelayWindow> recent_;        // of the last 60 s
  std::deque<analysis::WindowFacts> facts_;       // of the last five minutes
  std::array<MinuteSample, kMinutes> minutes_{};  // by minute modulo kMinutes
  analysis::Verdict verdict_;
  // The verdict before the trouble that is, and the end of the first window of it: where judging again begins.
  std::optional<std::pair<analysis::Verdict, WallTime>> before_trouble_;
  PathState reported_ = PathState::kGood;
  WallTime reported_since_;
  std::uint64_t windows_seen_ = 0;
  std::uint64_t newest_sequence_ = 0;
  MinuteFigures figures_;
  std::optional<WallTime> last_;
  MonotonicTime last_arrival_;
  Nanoseconds stale_after_ = analysis::kStaleAfter;
  bool stale_ = false;
};

}  // namespace gnomon::server
