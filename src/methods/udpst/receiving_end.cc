#include "methods/udpst/receiving_end.h"

#include <algorithm>

#include "methods/udpst/sub_interval.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint64_t kFreeStatusBytes = 4 * kStatusSize;

}  // namespace

ReceivingEnd::ReceivingEnd(const TestTerms& terms, const SessionClock& clock, MonotonicTime now,
                           std::optional<RateSearch> search)
    : terms_(terms),
      search_(std::move(search)),
      clock_(clock),
      statistics_(clock),
      last_load_(now),
      last_trial_end_(now),
      next_status_(now + terms.trial_interval) {}

void ReceivingEnd::on_load(const LoadPdu& pdu, std::uint32_t size, MonotonicTime now) {
  if (state_ != EndState::kRunning) return;
  if (action_ != TestAction::kTest || pdu.action != TestAction::kTest) {
    if (terms_.is_server) {
      if (pdu.action != TestAction::kTest) state_ = EndState::kStopped;
    } else if (action_ == TestAction::kTest) {
      leave(now);
    }
    if (pdu.action != TestAction::kTest) return;
  }
  last_load_ = now;
  bytes_in_ += size;
  statistics_.on_load(pdu, size, now);
}

void ReceivingEnd::stop(MonotonicTime now) {
  if (action_ != TestAction::kTest) return;
  action_ = TestAction::kStop;
  next_status_ = now;
}

void ReceivingEnd::leave(MonotonicTime now) {
  if (confirm_) return;
  action_ = TestAction::kStop;
  confirm_ = true;
  next_status_ = now;
}

bool ReceivingEnd::may_send() const {
  if (!terms_.is_server) return true;
  return bytes_out_ + kStatusSize <= bytes_in_ + kFreeStatusBytes;
}

std::optional<StatusPdu> ReceivingEnd::due(MonotonicTime now) {
  if (state_ != EndState::kRunning || now < next_status_) return std::nullopt;
  next_status_ = std::max(next_status_ + terms_.trial_interval, now + terms_.trial_interval / 2);
  if (!statistics_.any() && action_ == TestAction::kTest) return std::nullopt;
  if (!may_send()) return std::nullopt;
  auto pdu = status(now);
  bytes_out_ += kStatusSize;
  if (confirm_) state_ = EndState::kStopped;
  // The sub-interval begins with the first status PDU and ends with one, so that it is whole trial intervals.
  if (!sub_interval_begin_) {
    sub_interval_begin_ = now;
    statistics_.take_sub_interval();
  } else if (now - *sub_interval_begin_ > terms_.sub_interval - terms_.trial_interval / 2) {
    cut_sub_interval(now);
  }
  return pdu;
}

void ReceivingEnd::cut_sub_interval(MonotonicTime now) {
  const auto length = now - *sub_interval_begin_;
  const auto counts = statistics_.take_sub_interval();
  accumulated_ += length;
  sub_interval_begin_ = now;
  if (action_ != TestAction::kTest) return;
  ++sub_interval_sequence_;
  saved_ = to_statistics(counts, length, accumulated_);
  if (static_cast<std::int64_t>(sub_intervals_.size()) < terms_.duration / terms_.sub_interval) {
    sub_intervals_.push_back(to_sub_interval(counts, length, accumulated_, terms_.family));
  }
}

void ReceivingEnd::note_trial(const LoadCounts& trial, Nanoseconds length) {
  last_trial_ = {ip_rate(trial.datagrams, trial.bytes, length, terms_.family), trial.lost};
  if (!search_ || action_ != TestAction::kTest) return;
  search_->adjust({pdu_count(trial.lost), pdu_count(trial.reordered), pdu_count(trial.duplicated),
                   pdu_milliseconds(trial.delay_sum, 1), pdu_count(trial.delay_count),
                   pdu_milliseconds(trial.rtt_last, trial.rtt_count), sub_interval_sequence_,
                   pdu_count(trial.datagrams)});
}

StatusPdu ReceivingEnd::status(MonotonicTime now) {
  const auto trial = statistics_.take_trial();
  const auto length = now - last_trial_end_;
  last_trial_end_ = now;
  note_trial(trial, length);
  const auto sums = to_statistics(trial, length, accumulated_);
  StatusPdu pdu;
  pdu.action = action_;
  pdu.receive_stopped = now - last_load_ >= kStoppedAfter;
  pdu.sequence = ++sequence_;
  if (search_) pdu.rate = search_->rate();
  pdu.sub_interval_sequence = sub_interval_sequence_;
  pdu.saved = saved_;
  pdu.lost = sums.lost, pdu.reordered = sums.reordered, pdu.duplicated = sums.duplicated;
  pdu.clock_delta_min =
      static_cast<std::int32_t>(to_milliseconds(statistics_.clock_delta_minimum().value_or(Nanoseconds{})));
  pdu.delay_min = sums.delay_min, pdu.delay_max = sums.delay_max;
  pdu.delay_sum = sums.delay_sum, pdu.delay_count = sums.delay_count;
  if (const auto least = statistics_.rtt_minimum()) pdu.rtt_min = pdu_milliseconds(*least, 1);
  pdu.rtt_sample = pdu_milliseconds(trial.rtt_last, trial.rtt_count);
  pdu.minimum_updated = statistics_.take_minimum_updated();
  pdu.trial_us = sums.length_us;
  pdu.trial_datagrams = sums.datagrams;
  pdu.trial_bytes = pdu_count(sums.bytes);
  pdu.time = clock_.pdu_time(now);
  pdu.auth_mode = terms_.auth_mode;
  return pdu;
}

void ReceivingEnd::check_time(MonotonicTime now) {
  if (state_ == EndState::kRunning && now - last_load_ >= kGivenUpAfter) state_ = EndState::kPeerSilent;
}

MonotonicTime ReceivingEnd::next_event() const {
  return std::min(next_status_, last_load_ + kGivenUpAfter);
}

}  // namespace gnomon::methods::udpst
