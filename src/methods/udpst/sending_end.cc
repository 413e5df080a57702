#include "methods/udpst/sending_end.h"

#include <algorithm>

namespace gnomon::methods::udpst {
namespace {

constexpr Nanoseconds kProofTime = std::chrono::milliseconds(1500);
constexpr std::uint16_t kStatusReordered = 0xffff;  // RFC 9946: spduSeqErr of a status PDU that came late
// Row 0 of the rate table, and what is sent while a stop waits for its confirmation.
constexpr SendingRate kIdleRate{0, 0, 0, 50'000, 0, 0, 1222 | SendingRate::kRandomSize};
constexpr SendingRate kStopRate{0, 0, 0, 10'000, 0, 0, kLeastPayload};

Feedback feedback_of(const StatusPdu& pdu) {
  return {pdu.lost,
          pdu.reordered,
          pdu.duplicated,
          pdu.delay_sum,
          pdu.delay_count,
          pdu.rtt_sample,
          pdu.sub_interval_sequence,
          pdu.trial_datagrams};
}

}  // namespace

SendingEnd::SendingEnd(const TestTerms& terms, const SessionClock& clock, Random& random, MonotonicTime now,
                       std::optional<RateSearch> search, const SendingRate& first_rate)
    : terms_(terms),
      clock_(clock),
      pacer_(terms.family, random),
      search_(std::move(search)),
      rate_(search_ ? search_->rate() : first_rate),
      begun_(now),
      last_status_(now) {
  update_rate(now);
}

bool SendingEnd::is_quiet(MonotonicTime now) const {
  return now - last_status_ >= kStoppedAfter;
}

void SendingEnd::update_rate(MonotonicTime now) {
  if (action_ != TestAction::kTest) {
    pacer_.set_rate(kStopRate, now);
  } else if (!proven() || is_quiet(now)) {
    pacer_.set_rate(kIdleRate, now);
  } else {
    pacer_.set_rate(rate_, now);
  }
}

void SendingEnd::note_sequence(std::uint32_t sequence) {
  status_errors_ = 0;
  if (sequence > status_sequence_) {
    const auto missing = sequence - status_sequence_ - 1;
    status_errors_ = static_cast<std::uint16_t>(std::min<std::uint32_t>(missing, kStatusReordered - 1));
    status_sequence_ = sequence;
  } else {
    status_errors_ = kStatusReordered;
  }
}

std::optional<SubIntervalStatistics> SendingEnd::on_status(const StatusPdu& pdu, MonotonicTime now) {
  if (state_ != EndState::kRunning) return std::nullopt;
  if (pdu.action != TestAction::kTest) {
    if (terms_.is_server) {
      // A client confirms a stop; one that stops by itself ends the test as well.
      state_ = EndState::kStopped;
    } else {
      action_ = TestAction::kStop;
    }
  }
  last_status_ = now;
  any_status_ = true;
  note_sequence(pdu.sequence);
  status_time_ = pdu.time;
  if (pdu.rtt_min != kNoDelay) rtt_minimum_ms_ = pdu.rtt_min;
  if (terms_.is_server) {
    const bool was_proven = proof_.proven();
    proof_.reported(pdu.trial_datagrams, pdu.trial_bytes);
    if (proof_.failed()) state_ = EndState::kUnproven;
    if (search_ && was_proven) search_->adjust(feedback_of(pdu));
    if (search_) rate_ = search_->rate();
  } else if (pdu.action == TestAction::kTest && is_sane(pdu.rate)) {
    rate_ = pdu.rate;
  }
  update_rate(now);
  if (pdu.sub_interval_sequence == sub_interval_sequence_) return std::nullopt;
  sub_interval_sequence_ = pdu.sub_interval_sequence;
  return pdu.saved;
}

void SendingEnd::stop() {
  if (action_ == TestAction::kTest) action_ = TestAction::kStop;
}

std::optional<Burst> SendingEnd::due(MonotonicTime now) {
  if (state_ != EndState::kRunning) return std::nullopt;
  if (terms_.is_server && proof_.exhausted()) return std::nullopt;
  if (!terms_.is_server && action_ != TestAction::kTest) {
    // One datagram confirms the stop.
    state_ = EndState::kStopped;
    return Burst{0, 0, kLeastPayload};
  }
  return pacer_.due(now);
}

LoadPdu SendingEnd::header(MonotonicTime now) const {
  LoadPdu pdu;
  pdu.action = action_;
  pdu.receive_stopped = is_quiet(now);
  pdu.sequence = sequence_ + 1;
  pdu.status_errors = status_errors_;
  pdu.status_time = status_time_;
  pdu.time = clock_.pdu_time(now);
  if (any_status_) {
    pdu.response_delay_ms =
        static_cast<std::uint16_t>(std::clamp<std::int64_t>(to_milliseconds(now - last_status_), 0, 0xffff));
  }
  return pdu;
}

void SendingEnd::sent(const Burst& burst, std::uint32_t accepted) {
  sequence_ += accepted;  // what the kernel refused never was sent: no gap in the numbers, hence no loss
  sent_ += accepted;
  refused_ += burst.datagrams() - accepted;
  if (!terms_.is_server || proof_.proven()) return;
  for (std::uint32_t i = 0; i < std::min(accepted, burst.count); ++i) proof_.sent(burst.payload);
  if (burst.addon > 0 && accepted == burst.datagrams()) proof_.sent(burst.addon);
}

void SendingEnd::check_time(MonotonicTime now) {
  if (state_ != EndState::kRunning) return;
  if (now - last_status_ >= kGivenUpAfter) state_ = EndState::kPeerSilent;
  if (!proven() && now - begun_ >= kProofTime) state_ = EndState::kUnproven;
  if (is_quiet(now) != was_quiet_ || action_ != TestAction::kTest) {
    was_quiet_ = is_quiet(now);
    update_rate(now);
  }
}

MonotonicTime SendingEnd::next_event() const {
  if (!terms_.is_server && action_ != TestAction::kTest) return {};
  auto next = last_status_ + (was_quiet_ ? kGivenUpAfter : kStoppedAfter);
  if (!proven()) next = std::min(next, begun_ + kProofTime);
  const bool may_send = !terms_.is_server || !proof_.exhausted();
  if (const auto due = pacer_.next_due(); due && may_send) next = std::min(next, *due);
  return next;
}

SenderAccount SendingEnd::account() const {
  return {sent_, pacer_.skipped(), refused_};
}

}  // namespace gnomon::methods::udpst
