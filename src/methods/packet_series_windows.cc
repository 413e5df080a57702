// A path's packets and windows, second half: when windows close, and how a path ends.

#include <algorithm>
#include <utility>

#include "methods/packet_series.h"

namespace gnomon::methods {

using State = PacketRecord::State;

void PacketSeries::advance(MonotonicTime now) {
  decide(now);
  if (is_change() && response_.changed(now)) cut(now);
  if (finishing_ && undecided_ != ring_.next() && now >= deadline_) withdraw_undecided();
  if (finishing_ && undecided_ == ring_.next()) {
    for (auto& window : windows_) window.due = now;
  }
  close_windows(now);
}

void PacketSeries::withdraw_undecided() {
  for (; undecided_ != ring_.next(); ++undecided_) {
    auto& record = ring_.at(undecided_);
    if (record.state == State::kAnswered) {
      decide_answered(undecided_, record);
      continue;
    }
    if (auto* window = find_window(record.window)) {
      --window->result.sent;
      if (record.state == State::kRefused) --window->result.unreachable;
    }
    record.state = State::kLost;  // an answer after this is late
  }
}

bool PacketSeries::worth_waiting(const OpenWindow& window, MonotonicTime now) const {
  if (!direction_.stateful() || !direction_.waits(window.number)) return false;
  if (finishing_ || now >= window.last) return false;
  // Only when a later packet has its answer already, so that the gap is sure to be resolved.
  for (auto sequence = undecided_; sequence != ring_.next(); ++sequence) {
    if (ring_.at(sequence).state == State::kAnswered) return true;
  }
  return false;
}

void PacketSeries::close_windows(MonotonicTime now) {
  while (!windows_.empty() && now >= windows_.front().due) {
    auto& window = windows_.front();
    if (worth_waiting(window, now)) {
      window.due = std::min(window.last, ring_.at(undecided_).send.before + options_.timeout);
      return;
    }
    if (may_end_early(window, now)) {
      window.due = now + options_.interval;
      return;
    }
    close(window);
    windows_.pop_front();
  }
}

void PacketSeries::close(OpenWindow& window) {
  auto& result = window.result;
  if (result.sent == 0 && window.not_sent == 0 && result.stray == 0) return;  // withdrawn whole
  result.duration = window.end - window.start;
  if (result.duration < options_.window) result.marks |= schema::kMarkPartial;
  if (result.received > 0) {
    result.outcome = schema::Outcome::kAnswered;
    result.rtt_mean = window.rtt_sum / static_cast<std::int64_t>(result.received);
  } else if (result.sent == 0) {
    result.outcome = schema::Outcome::kNotSent;
  } else {
    result.outcome = result.unreachable > 0 ? schema::Outcome::kUnreachable : schema::Outcome::kNoAnswer;
  }
  const auto share = direction_.take(window.number);
  if (direction_.stateful() && share.known && share.forward + share.backward == result.lost) {
    result.lost_forward = share.forward;
    result.lost_backward = share.backward;
  }
  if (direction_.stateful() && result.received > 0) {
    result.reordered_forward = window.reordered_forward;
    result.reordered_backward = window.reordered_backward;
  }
  closed_.push_back(std::move(result));
}

void PacketSeries::finish(MonotonicTime now, MonotonicTime deadline) {
  if (finishing_) return;
  finishing_ = true;
  deadline_ = deadline;
  if (windows_.empty() || windows_.back().end <= now) return;
  windows_.back().end = now;
}

std::optional<MonotonicTime> PacketSeries::next_due() const {
  if (windows_.empty()) return std::nullopt;
  const bool under_way = undecided_ != ring_.next();
  auto due = windows_.front().due;
  if (under_way) due = std::min(due, ring_.at(undecided_).send.before + options_.timeout);
  if (finishing_) due = under_way ? std::min(due, deadline_) : MonotonicTime{};
  return due;
}

}  // namespace gnomon::methods
