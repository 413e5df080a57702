#pragma once

// Why several methods, run in one session over the same access, gave different rates: each is brought to one layer (IP
// packets, as RFC 9097 counts), and what remains is explained by what was seen of it.
//
// Pure functions, thread-safe. Rates are bits per second.

#include <span>
#include <string_view>

#include "analysis/rate_layer.h"
#include "analysis/transfer_limit.h"

namespace gnomon::analysis {

struct MethodRate {
  std::string method;  // as it is shown: "TCP, one stream"
  RateLayer layer = RateLayer::kTcpPayload;
  double bps = 0;
  double low = 0, high = 0;  // 95 % interval; both 0: not known
  int streams = 1;
  Nanoseconds duration{};    // of what the rate was reckoned from
  bool holds_burst = false;  // the rate includes the test's beginning
  // Of a rate that includes its ramp-up: the rate after it.
  std::optional<double> settled_bps;
  // Of a rate that is the best of its moments (RFC 9097 §5.3): the median of them.
  std::optional<double> usual_bps;
  bool was_rising = false;  // the search for the rate had not come to its end
  double probes = 0;        // the share of the path that the method's own probes may take besides
  std::optional<TransferLimit> limit;
  std::optional<double> loss_ratio;  // retransmitted of sent
  std::optional<Nanoseconds> rtt;    // during the test
};

enum class RateCause : std::uint8_t {
  kNone,  // no difference to explain
  kCpu,
  kWindow,      // one stream, window over round trip
  kLoss,        // one or few streams, Mathis et al. 1997
  kBurst,       // a policer's bucket counts in the other's shorter test
  kPolicer,     // drops, after which TCP is slower than the policer for a while
  kRampUp,      // the rate includes the way to it
  kBestMoment,  // the other's rate is of its best moment, this one a mean
  kProbes,      // the method's own, beside its load
  kPace,
  kUnexplained,
};

std::string_view to_string(RateCause cause);  // "ramp_up", as in JSON

struct ReconciledRate {
  std::string method;
  double bps = 0;          // at its own layer
  double ip_bps = 0;       // brought to IP packets
  double below = 0;        // the highest, as a share of it, 0 to 1
  double unexplained = 0;  // the part of `below` that nothing explains
  // One that explains half of `below` at least, else kUnexplained.
  RateCause cause = RateCause::kNone;
  Text explanation;
};

// What Mathis, Semke, Mahdavi, Ott (Computer Communication Review 27, 1997) let a stream of Reno reach:
// segment / rtt · 1.22 / √loss. `loss_ratio` and `rtt` above 0.
double mathis_bps(double segment_bytes, double rtt_seconds, double loss_ratio);

// In the order given. Differences within both intervals, or below 3 %, need no explanation.
std::vector<ReconciledRate> reconcile(std::span<const MethodRate> methods, const PathPackets& packets);

}  // namespace gnomon::analysis
