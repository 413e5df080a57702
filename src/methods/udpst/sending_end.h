#pragma once

// The end of a test that sends load and receives status PDUs, without sockets: the client of an upstream test, the
// server of a downstream test. What keeps a server from being a weapon stands here: until the receiver has proved that
// it receives (reception_proof.h) no more than 24 datagrams leave, within 1.5 s (anew when the client asks again); one
// second without a status PDU brings the rate down to one datagram every 50 ms, and three end the test. Pure; one
// thread.

#include <optional>

#include "methods/udpst/load_pacer.h"
#include "methods/udpst/rate_search.h"
#include "methods/udpst/reception_proof.h"
#include "methods/udpst/result.h"
#include "methods/udpst/session_clock.h"
#include "methods/udpst/test_terms.h"

namespace gnomon::methods::udpst {

class SendingEnd {
 public:
  // `search` chooses the rate, at the server; without it, `first_rate` and the status PDUs say it.
  SendingEnd(const TestTerms& terms, const SessionClock& clock, Random& random, MonotonicTime now,
             std::optional<RateSearch> search, const SendingRate& first_rate = {});

  // At the client: the sub-interval that the receiver has just ended, when the PDU tells of a new one.
  std::optional<SubIntervalStatistics> on_status(const StatusPdu& pdu, MonotonicTime now);
  // The test's time is over: a server tells the client until it confirms; a client tells the server once and ends.
  void stop();

  // A burst to send now; to be called until it returns nothing. Then `sent` says what became of it.
  std::optional<Burst> due(MonotonicTime now);
  // The header of the next datagram but for its payload size; the sequence number counts on from it.
  [[nodiscard]] LoadPdu header(MonotonicTime now) const;
  void sent(const Burst& burst, std::uint32_t accepted);

  void check_time(MonotonicTime now);
  [[nodiscard]] MonotonicTime next_event() const;
  [[nodiscard]] EndState state() const { return state_; }
  [[nodiscard]] SenderAccount account() const;
  [[nodiscard]] std::optional<std::uint32_t> rtt_minimum_ms() const { return rtt_minimum_ms_; }
  // Has the other end ever said anything?
  [[nodiscard]] bool heard() const { return any_status_; }
  [[nodiscard]] bool proven() const { return !terms_.is_server || proof_.proven(); }

 private:
  void note_sequence(std::uint32_t sequence);
  void update_rate(MonotonicTime now);
  [[nodiscard]] bool is_quiet(MonotonicTime now) const;

  TestTerms terms_;
  SessionClock clock_;
  LoadPacer pacer_;
  std::optional<RateSearch> search_;
  SendingRate rate_;  // what is asked for
  ReceptionProof proof_;
  MonotonicTime begun_, last_status_;
  TestAction action_ = TestAction::kTest;
  EndState state_ = EndState::kRunning;
  std::uint32_t sequence_ = 0;  // of the last datagram sent
  std::uint32_t status_sequence_ = 0;
  std::uint16_t status_errors_ = 0;
  PduTime status_time_;
  bool any_status_ = false, was_quiet_ = false;
  std::uint32_t sub_interval_sequence_ = 0;
  std::optional<std::uint32_t> rtt_minimum_ms_;
  std::uint64_t sent_ = 0, refused_ = 0;
};

}  // namespace gnomon::methods::udpst
