#pragma once

// What a receiver of load counts (RFC 9946, RFC 9097 §5): bytes, loss, order, one-way delay variation, round trips; for
// the running trial interval and for the running sub-interval. Pure; one thread. `on_load` is called for each datagram
// and does no more than a few additions.
//
// Lost: sequence numbers that were skipped; one that comes after all counts as reordered and is lost no more, unless
// its interval has been reported already. Duplicated: seen among the 4096 numbers before the highest.

#include <bitset>
#include <cstdint>
#include <optional>

#include "methods/udpst/pdu.h"
#include "methods/udpst/session_clock.h"

namespace gnomon::methods::udpst {

// One interval's sums.
struct LoadCounts {
  std::uint64_t datagrams = 0, bytes = 0;  // UDP payload
  std::uint64_t lost = 0, reordered = 0, duplicated = 0;
  std::uint64_t delay_count = 0;
  Nanoseconds delay_min = Nanoseconds::max(), delay_max{}, delay_sum{};  // one-way delay above the least so far
  std::uint64_t rtt_count = 0;
  Nanoseconds rtt_min = Nanoseconds::max(), rtt_max{};  // round trip above the least so far
  Nanoseconds rtt_last{};

  void add_delay(Nanoseconds variation);
  void add_rtt(Nanoseconds variation);
};

class LoadStatistics {
 public:
  explicit LoadStatistics(const SessionClock& clock) : clock_(clock) {}

  // `size` is the UDP payload as it came.
  void on_load(const LoadPdu& pdu, std::uint32_t size, MonotonicTime received);

  [[nodiscard]] bool any() const { return highest_ != 0; }
  [[nodiscard]] std::optional<Nanoseconds> rtt_minimum() const { return rtt_minimum_; }
  [[nodiscard]] std::optional<Nanoseconds> clock_delta_minimum() const { return clock_delta_minimum_; }

  // Ends the trial interval or the sub-interval and returns it.
  LoadCounts take_trial();
  LoadCounts take_sub_interval();
  // Whether a least delay went down since the last call.
  bool take_minimum_updated();

 private:
  static constexpr std::uint32_t kWindow = 4096;
  bool note_order(std::uint32_t sequence);  // true for the highest so far
  void note_round_trip(const LoadPdu& pdu, MonotonicTime received);
  void note_one_way(const LoadPdu& pdu, MonotonicTime received);

  SessionClock clock_;
  LoadCounts trial_, sub_interval_;
  std::uint32_t highest_ = 0;
  std::bitset<kWindow> seen_;  // by sequence modulo kWindow
  PduTime last_status_time_;
  std::optional<Nanoseconds> rtt_minimum_, clock_delta_minimum_;
  bool minimum_updated_ = false;
};

}  // namespace gnomon::methods::udpst
