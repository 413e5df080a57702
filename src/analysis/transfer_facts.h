#pragma once

// What the samples of a transfer say once its ramp-up is over: the figures on which the verdict rests
// (transfer_limit.h). Pure function over plain values.

#include <optional>

#include "analysis/ramp_up.h"

namespace gnomon::analysis {

// Shares are of the time after the ramp-up, 0 to 1.
struct CpuFacts {
  double running = 0;    // the busiest thread on a processor
  double waiting = 0;    // that it was ready and did not run
  double throttled = 0;  // that its group had used up its quota
  [[nodiscard]] double wanted() const { return running + waiting; }
};

struct SenderFacts {
  double busy = 0;
  double window_limited = 0, buffer_limited = 0;  // of the busy time
  double empty = 0;  // share of the samples without a byte that waits to be sent: the sender's program is too slow
  double loss_ratio = 0, late_loss_ratio = 0;  // of the whole time, of its second half: without those of the rise
  std::uint64_t retransmitted = 0;
  double segment = 1448;                                    // bytes, acknowledged by segment sent; 1448 until known
  double base_rtt = 0, rtt = 0, rtt_p90 = 0, rtt_high = 0;  // seconds: the least, median, 90th and 95th percentile
  // How much the round trip, and the rate, follow the congestion window from half second to half second: correlation.
  double rtt_follows = 0, rate_follows = 0;
  // Acknowledged since the beginning, and of that not received by the program at the other end: in its socket, or with
  // somebody between. Bytes.
  double acked = 0, held_between = 0;
  // Times that segments began to be sent again, and the mean rank (0 to 1) of the congestion window just before among
  // all: a full queue or bucket loses at the top, chance anywhere.
  int loss_episodes = 0;
  double loss_rank = 0;
};

struct TransferFacts {
  RampUp ramp;
  double seconds = 0;  // after it
  double rate = 0;     // bytes per second
  double spread = 0;   // of the rates of half seconds: (90th − 10th percentile) / median
  double ceiling = 0;  // of the same: (95th percentile − median) / median; small where half of them are at one greatest
  std::optional<SenderFacts> sender;
  std::optional<CpuFacts> sender_cpu, receiver_cpu;
};

// Nothing when less than a second or 16 samples are left after the ramp-up.
std::optional<TransferFacts> transfer_facts(std::span<const schema::TransferSample> samples);

}  // namespace gnomon::analysis
