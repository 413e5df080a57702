#include "server/live_path.h"

#include <algorithm>

#include "server/minute_figures.h"

namespace gnomon::server {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Nanoseconds kMinute = minutes(1);
constexpr std::size_t kRecentLimit = 64;  // windows of a second
constexpr std::size_t kFactsLimit = 320;
// Probes that start beside their targets lose their first packets; a first window is shown and not reported.
constexpr std::uint64_t kReportFrom = 2;

WallTime end_of(const schema::DelayWindow& window) {
  return window.start + window.duration;
}

std::uint32_t narrow(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t minute_of(WallTime at) {
  return std::chrono::floor<minutes>(at.since_epoch).count();
}

analysis::WindowFacts facts_of(const schema::DelayWindow& window) {
  analysis::WindowFacts facts;
  facts.end = end_of(window);
  facts.duration = window.duration;
  facts.outcome = window.outcome;
  facts.sent = window.sent;
  facts.lost = window.lost;
  facts.rtt_p50 = window.rtt.empty() ? window.rtt_mean : window.rtt.quantile(0.5);
  facts.vantage_sick = (window.marks & schema::kMarkVantageSick) != 0;
  facts.under_test = (window.marks & schema::kMarkCapacityTest) != 0;
  return facts;
}

schema::DelayWindow window_of(const store::Point& point) {
  schema::DelayWindow window;
  window.start = point.start;
  window.duration = point.span;
  window.outcome = point.outcome;
  window.marks = point.marks;
  window.sent = static_cast<std::uint32_t>(point.sent);
  window.received = static_cast<std::uint32_t>(point.received);
  window.lost = static_cast<std::uint32_t>(point.lost);
  window.duplicated = static_cast<std::uint32_t>(point.duplicated);
  window.reordered = static_cast<std::uint32_t>(point.reordered);
  window.lost_forward = point.lost_forward;
  window.lost_backward = point.lost_backward;
  window.rtt_min = point.rtt_min;
  window.rtt_mean = point.rtt_mean;
  window.rtt_max = point.rtt_max;
  window.timestamp_source = point.timestamp_source;
  window.error_bound = point.error_bound;
  window.clock_bound = point.clock_bound;
  return window;
}

}  // namespace

LivePath::LivePath(std::shared_ptr<const PathIdentity> identity, MonotonicTime now)
    : identity_(std::move(identity)), last_arrival_(now) {}

void LivePath::remember(const schema::DelayWindow& window) {
  const WallTime end = end_of(window);
  stale_after_ = std::max(analysis::kStaleAfter, 3 * window.duration);
  last_ = end;
  facts_.push_back(facts_of(window));
  while (facts_.size() > kFactsLimit || facts_.front().end <= end - analysis::kPool) facts_.pop_front();
  recent_.push_back(window);
  while (recent_.size() > kRecentLimit || end_of(recent_.front()) <= end - kMinute) recent_.pop_front();
}

void LivePath::count_minute(const schema::DelayWindow& window, bool newest) {
  const std::int64_t minute = minute_of(window.start);
  MinuteSample& slot = minutes_[static_cast<std::size_t>(minute) % kMinutes];
  if (slot.minute > minute) return;  // more than an hour old
  if (slot.minute < minute) slot = MinuteSample{static_cast<std::int32_t>(minute), 0, 0, 0, 0, {}};
  const auto is_quiet = [](const schema::DelayWindow& one) { return (one.marks & schema::kMarkCapacityTest) == 0; };
  slot.sent = narrow(std::uint64_t{slot.sent} + window.sent);
  slot.lost = narrow(std::uint64_t{slot.lost} + window.lost);
  if (is_quiet(window)) {
    slot.quiet_sent = narrow(std::uint64_t{slot.quiet_sent} + window.sent);
    slot.quiet_lost = narrow(std::uint64_t{slot.quiet_lost} + window.lost);
  }
  if (!newest) {
    if (!slot.rtt_p50) slot.rtt_p50 = window.rtt.quantile(0.5);
    return;
  }
  DelaySketch quiet, tested;
  for (const schema::DelayWindow& other : recent_) {
    if (minute_of(other.start) == minute) (is_quiet(other) ? quiet : tested).merge(other.rtt);
  }
  const DelaySketch& shown = quiet.empty() ? tested : quiet;
  if (!shown.empty()) slot.rtt_p50 = shown.quantile(0.5);
}

// The probe's clock was set back. What is remembered goes along, so that its windows still follow each other and the
// path is judged on; else nothing that is measured would count until the clock is again where it was.
void LivePath::move_back(Nanoseconds step, std::int64_t minute) {
  const auto move = [step](std::optional<WallTime>& at) {
    if (at) at = *at - step;
  };
  for (analysis::WindowFacts& facts : facts_) facts.end = facts.end - step;
  for (schema::DelayWindow& window : recent_) window.start = window.start - step;
  for (MinuteSample& slot : minutes_) {
    if (slot.minute > minute) slot = {};
  }
  move(last_);
  verdict_.since = verdict_.since - step;
  verdict_.pool_from = verdict_.pool_from - step;
  move(verdict_.recovered);
  move(verdict_.repaired);
  reported_since_ = reported_since_ - step;
}

LivePath::Update LivePath::add(const schema::DelayWindow& window, std::uint64_t sequence, MonotonicTime now) {
  const bool newer = sequence > newest_sequence_;
  newest_sequence_ = std::max(newest_sequence_, sequence);
  if (last_ && end_of(window) <= *last_) {
    if (!newer) {
      count_minute(window, false);
      return {};
    }
    move_back(*last_ - window.start, minute_of(window.start));
  }
  const PathState before = state();
  last_arrival_ = now;
  stale_ = false;
  ++windows_seen_;
  remember(window);  // a copy: its sketches take no more memory than they need
  count_minute(window, true);
  refresh_figures();
  Update update = judge();
  update.state_changed = state() != before;
  return update;
}

LivePath::Update LivePath::judge() {
  const std::vector<analysis::WindowFacts> facts(facts_.begin(), facts_.end());
  const analysis::Verdict next = analysis::next_verdict(verdict_, facts, baseline(minute_of(*last_)));
  if (next.state == PathState::kGood) before_trouble_.reset();
  if (next.state == PathState::kDegraded && verdict_.state == PathState::kGood) {
    before_trouble_.emplace(verdict_, facts.back().end);
  }
  verdict_ = next;
  return report();
}

LivePath::Update LivePath::note_test(WallTime from, WallTime to) {
  bool is_news = false;
  for (analysis::WindowFacts& facts : facts_) {
    if (facts.under_test || facts.end <= from || facts.end - facts.duration >= to) continue;
    facts.under_test = is_news = true;
  }
  for (schema::DelayWindow& window : recent_) {
    if (end_of(window) > from && window.start < to) window.marks |= schema::kMarkCapacityTest;
  }
  if (!is_news || verdict_.state != PathState::kDegraded || !before_trouble_) return {};
  const std::vector<analysis::WindowFacts> facts(facts_.begin(), facts_.end());
  const analysis::Baseline usual = baseline(minute_of(*last_));
  analysis::Verdict again = before_trouble_->first;
  for (std::size_t known = 1; known <= facts.size(); ++known) {
    if (facts[known - 1].end < before_trouble_->second) continue;
    again = analysis::next_verdict(again, std::span(facts).first(known), usual);
  }
  if (again.state != PathState::kGood) return {};
  const PathState before = state();
  verdict_ = again;
  before_trouble_.reset();
  Update update = report();
  update.state_changed = state() != before;
  return update;
}

// Tells what was not told yet.
LivePath::Update LivePath::report() {
  Update update;
  if (windows_seen_ < kReportFrom) return update;
  const PathState now = verdict_.state;
  const bool worse = (now == PathState::kBroken && reported_ != PathState::kBroken) ||
                     (now == PathState::kDegraded && reported_ == PathState::kGood);
  const bool restored = now == PathState::kGood && reported_ != PathState::kGood;
  if (!worse && !restored) return update;
  if (restored) update.trouble_since = reported_since_;
  if (reported_ == PathState::kGood) reported_since_ = verdict_.since;
  reported_ = now;
  update.report = verdict_;
  return update;
}

bool LivePath::tick(MonotonicTime now) {
  const auto until = fresh_until();
  if (!until || now <= *until) return false;
  stale_ = true;
  return true;
}

std::optional<MonotonicTime> LivePath::fresh_until() const {
  return stale_ || !last_ ? std::nullopt : std::optional(last_arrival_ + stale_after_);
}

std::optional<MinuteSample> LivePath::sample(std::int64_t minute) const {
  if (minute < 0) return std::nullopt;
  const MinuteSample& slot = minutes_[static_cast<std::size_t>(minute) % kMinutes];
  return slot.minute == minute ? std::optional(slot) : std::nullopt;
}

analysis::Baseline LivePath::baseline(std::int64_t minute) const {
  // The newest minutes are under judgement themselves; a minute that lost a fifth was an outage, not how it usually is.
  constexpr double kOutage = 0.2;
  std::vector<Nanoseconds> medians;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  int counted = 0;
  for (std::int64_t m = minute - 60; m <= minute - 2; ++m) {
    const std::optional<MinuteSample> one = sample(m);
    if (!one || one->sent == 0) continue;
    if (one->rtt_p50) medians.push_back(*one->rtt_p50);
    if (m > minute - 5 || static_cast<double>(one->lost) > kOutage * static_cast<double>(one->sent)) continue;
    sent += one->quiet_sent;
    lost += one->quiet_lost;
    ++counted;
  }
  analysis::Baseline usual;
  if (medians.size() >= 3) usual.rtt_p50 = median(medians);
  if (counted >= 5 && sent > 0) usual.loss_ratio = static_cast<double>(lost) / static_cast<double>(sent);
  return usual;
}

void LivePath::refresh_figures() {
  figures_ = minute_figures(recent_);
}

void LivePath::load_minute(std::int64_t minute, std::uint64_t sent, std::uint64_t lost,
                           std::optional<Nanoseconds> rtt_p50) {
  if (minute < 0) return;
  MinuteSample& slot = minutes_[static_cast<std::size_t>(minute) % kMinutes];
  if (slot.minute >= minute) return;
  slot =
      MinuteSample{static_cast<std::int32_t>(minute), narrow(sent), narrow(lost), narrow(sent), narrow(lost), rtt_p50};
}

void LivePath::load_windows(const std::vector<store::Point>& windows, const store::Point* merged,
                            MonotonicTime last_arrival) {
  last_.reset();
  for (const store::Point& point : windows) {
    if (!last_ || point.start + point.span > *last_) remember(window_of(point));
  }
  if (recent_.empty()) return;
  if (merged != nullptr) {
    // Single windows come without their distributions; those of the minute stand in the newest one.
    schema::DelayWindow& newest = recent_.back();
    newest.rtt = merged->rtt;
    newest.forward = merged->forward;
    newest.backward = merged->backward;
    newest.ipdv = merged->ipdv;
  }
  windows_seen_ = windows.size();
  refresh_figures();
  const PathState reported = reported_;
  const WallTime since = reported_since_;
  judge();
  if (reported != PathState::kGood) {
    reported_ = reported;
    reported_since_ = since;
    if (verdict_.state == reported) verdict_.since = since;
  }
  last_arrival_ = last_arrival;
}

void LivePath::load_last(WallTime last, MonotonicTime last_arrival) {
  if (!last_) last_ = last;
  last_arrival_ = last_arrival;
}

void LivePath::load_trouble(PathState state, WallTime since) {
  reported_ = state;
  reported_since_ = since;
}

PathView LivePath::view() const {
  PathView view;
  view.identity = identity_;
  view.state = state();
  view.last = last_;
  view.since = stale_ ? last_ : std::optional(verdict_.since);
  if (view.state == PathState::kUnknown) view.since = std::nullopt;
  view.minute = figures_;
  if (!recent_.empty()) {
    const schema::DelayWindow& newest = recent_.back();
    view.outcome = newest.outcome;
    view.timestamp_source = newest.timestamp_source;
    view.error_bound = newest.error_bound;
    view.clock_bound = newest.clock_bound;
    view.during_test = (newest.marks & schema::kMarkCapacityTest) != 0;
  }
  return view;
}

}  // namespace gnomon::server
