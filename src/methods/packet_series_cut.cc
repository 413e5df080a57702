// A path's packets and windows, third part: a window ends where the path fell silent or answered again.

#include <algorithm>
#include <utility>

#include "methods/packet_series.h"

namespace gnomon::methods {

using State = PacketRecord::State;

namespace {

bool newer(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) > 0;
}

}  // namespace

PacketSeries::Silent PacketSeries::under_way_in(std::uint32_t window) const {
  Silent count;
  for (auto sequence = undecided_; sequence != ring_.next(); ++sequence) {
    const auto& record = ring_.at(sequence);
    if (record.window != window) continue;
    ++count.sent;
    count.unreachable += record.state == State::kRefused ? 1 : 0;
  }
  return count;
}

// An answer cannot be taken out of a window's distributions again: what is split off holds none.
PacketSeries::OpenWindow PacketSeries::split_off(OpenWindow& window, const Silent& silent) {
  OpenWindow part;
  part.number = next_window_++;
  part.start = window.start;
  part.end = window.end;
  part.due = window.due;
  part.last = window.last;
  part.result.start = window.result.start;
  part.result.marks = window.result.marks;
  part.result.sent = silent.sent;
  part.result.lost = silent.lost;
  part.result.unreachable = silent.unreachable;
  window.result.sent -= silent.sent;
  window.result.lost -= silent.lost;
  window.result.unreachable -= silent.unreachable;
  return part;
}

void PacketSeries::split_tail(std::size_t index, MonotonicTime at, const Silent& silent) {
  auto& window = windows_[index];
  OpenWindow tail = split_off(window, silent);
  tail.result.start = window.result.start + (at - window.start);
  tail.start = window.end = at;
  for (auto sequence = undecided_; sequence != ring_.next(); ++sequence) {
    auto& record = ring_.at(sequence);
    if (record.window == window.number) record.window = tail.number;
  }
  windows_.insert(windows_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(tail));
}

void PacketSeries::split_where_run_began() {
  const auto& run = response_.run();
  const auto found = std::ranges::find(windows_, run.window, &OpenWindow::number);
  if (found == windows_.end()) return;
  const auto index = static_cast<std::size_t>(found - windows_.begin());
  const Silent open = under_way_in(run.window);
  const auto& result = found->result;
  const std::uint32_t before = result.sent - run.in_window - open.sent;
  if (before == 0) return;
  if (!run.answered) {
    const auto from = found->number;
    split_tail(index, run.since, {run.in_window + open.sent, run.in_window, run.refused_in_window + open.unreachable});
    direction_.move_waiting(from, windows_[index + 1].number);
    return;
  }
  if (result.received != run.in_window) return;  // lost and answered ones are mixed before the run: no boundary there
  OpenWindow head = split_off(*found, {before, result.lost, result.unreachable - open.unreachable});
  direction_.move_told(found->number, head.number);
  found->result.start = found->result.start + (run.since - found->start);
  found->start = head.end = run.since;
  windows_.insert(found, std::move(head));
}

void PacketSeries::cut(MonotonicTime now) {
  split_where_run_began();
  response_.told(now);
  if (windows_.empty()) return;
  if (undecided_ == ring_.next()) {
    // Nothing is under way: what comes next begins a window of its own.
    auto& newest = windows_.back();
    if (now < newest.end) options_.start = newest.end = now;
    for (auto& window : windows_) window.due = now;
    return;
  }
  const auto& first = ring_.at(undecided_);
  const auto found = std::ranges::find(windows_, first.window, &OpenWindow::number);
  auto index = static_cast<std::size_t>(found - windows_.begin());
  const Silent open = under_way_in(first.window);
  if (found->result.sent > open.sent) {
    split_tail(index, first.send.before, open);
    ++index;
  }
  for (std::size_t i = 0; i < index; ++i) windows_[i].due = now;
}

bool PacketSeries::is_change() const {
  // An answer beyond what is decided ends a run of losses, and belongs to no window that could be split.
  const bool answered_beyond = newest_answered_ && !newer(undecided_, *newest_answered_);
  return cuts_ && !finishing_ && !answered_beyond;
}

bool PacketSeries::may_end_early(const OpenWindow& window, MonotonicTime now) const {
  constexpr Nanoseconds kLongestWait = std::chrono::seconds(5);
  const auto& run = response_.run();
  if (!is_change() || !response_.may_change(now) || run.window != window.number) return false;
  if (window.result.sent == run.in_window) return false;  // it ends where it should already
  if (run.answered && window.result.received != run.in_window) return false;
  return response_.missing() <= kLongestWait && now < window.end + options_.timeout + kLongestWait;
}

}  // namespace gnomon::methods
