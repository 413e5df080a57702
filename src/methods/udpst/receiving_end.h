#pragma once

// The end of a test that receives load and sends status PDUs, without sockets: the client of a downstream test, the
// server of an upstream test, which chooses the sender's rate. A server never sends more bytes of status PDUs than it
// has received of load, but for a first few. Pure; one thread.

#include <optional>
#include <vector>

#include "methods/udpst/load_statistics.h"
#include "methods/udpst/rate_search.h"
#include "methods/udpst/result.h"
#include "methods/udpst/test_terms.h"

namespace gnomon::methods::udpst {

// What the last trial interval saw, for a live display.
struct Trial {
  BitRate ip_rate{};
  std::uint64_t lost = 0;
};

class ReceivingEnd {
 public:
  ReceivingEnd(const TestTerms& terms, const SessionClock& clock, MonotonicTime now, std::optional<RateSearch> search);

  // `size` is the UDP payload as it came. Only the last datagram of a batch needs `now` to be exact.
  void on_load(const LoadPdu& pdu, std::uint32_t size, MonotonicTime now);
  // At the server: the test's time is over; the client is told until it confirms.
  void stop(MonotonicTime now);
  // At the client: the next status PDU tells the server that the test is over, and nothing more is sent.
  void leave(MonotonicTime now);

  // A status PDU to send now. At the client, it ends a sub-interval from time to time: then `sub_intervals` has grown.
  std::optional<StatusPdu> due(MonotonicTime now);
  void check_time(MonotonicTime now);
  [[nodiscard]] MonotonicTime next_event() const;
  [[nodiscard]] EndState state() const { return state_; }

  [[nodiscard]] const std::vector<SubInterval>& sub_intervals() const { return sub_intervals_; }
  [[nodiscard]] const Trial& last_trial() const { return last_trial_; }
  [[nodiscard]] std::optional<Nanoseconds> rtt_minimum() const { return statistics_.rtt_minimum(); }

 private:
  [[nodiscard]] bool may_send() const;
  void cut_sub_interval(MonotonicTime now);
  void note_trial(const LoadCounts& trial, Nanoseconds length);
  [[nodiscard]] StatusPdu status(MonotonicTime now);

  TestTerms terms_;
  std::optional<RateSearch> search_;
  SessionClock clock_;
  LoadStatistics statistics_;
  MonotonicTime last_load_, last_trial_end_, next_status_;
  std::optional<MonotonicTime> sub_interval_begin_;
  Nanoseconds accumulated_{};
  TestAction action_ = TestAction::kTest;
  EndState state_ = EndState::kRunning;
  bool confirm_ = false;  // the client owes the server a status PDU that confirms its stop
  std::uint32_t sequence_ = 0, sub_interval_sequence_ = 0;
  SubIntervalStatistics saved_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  std::vector<SubInterval> sub_intervals_;  // at most duration / sub_interval
  Trial last_trial_;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
};

}  // namespace gnomon::methods::udpst
