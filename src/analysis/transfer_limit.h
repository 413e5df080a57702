#pragma once

// What limited a transfer: one verdict, with the evidence for it. Pure functions; docs/methods/limits.md has the
// definitions, where each threshold comes from, and how often the verdicts are right.
//
// Elimination, from the ends to the network. A sender whose socket is empty was not held back by the network: its
// program was too slow, for want of processor or on purpose. One that the receiver's window holds back (the kernel
// counts that time) waits for the receiver: for its processor, or for a larger window. What remains waits for
// congestion control, and then delay and loss tell a full queue from a policer from random loss.
//
// Where the evidence points to two causes, or is missing, the verdict is kUnsure: a wrong one costs more than none.

#include <string>
#include <vector>

#include "analysis/figure_text.h"
#include "analysis/policer.h"
#include "analysis/transfer_facts.h"
#include "core/units.h"

namespace gnomon::analysis {

enum class Limit : std::uint8_t {
  kUnsure,
  kNetworkRate,  // a link, or a shaper with a queue
  kNetworkLoss,  // packets are lost at random, so that congestion control cannot fill the path
  kPolicer,      // a token bucket that drops
  kClientCpu,
  kServerCpu,
  kReceiveWindow,
  kSendBuffer,
  kSenderApplication,  // paced on purpose, or it had nothing to send
  kRadio,              // a link, and its radio's state says that it is the radio's
};
inline constexpr std::size_t kLimits = 10;
std::string_view to_string(Limit limit);  // "network_rate", as in JSON

// One thing that was seen, beside the threshold that it was held against.
struct Evidence {
  std::string name;  // "receive_window_limited", as in JSON
  Text what;
  double value = 0;
  std::string unit;  // "%", "ms", "bytes", "Mbit/s", "" for a plain number
  double threshold = 0;
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

struct TransferLimit {
  Limit limit = Limit::kUnsure;
  double confidence = 0;  // 0 to 1; below kLeastConfidence the verdict is kUnsure
  std::vector<Evidence> evidence;
  Text sentence;  // "The network: a queue that grew to 42 ms (1.05 MB) at 200 Mbit/s."
  // With the network as the limit: the most that its queue held while the transfer ran.
  std::optional<Nanoseconds> queue_delay;
  std::optional<ByteCount> queue;
  std::optional<Policer> policer;
  // With a window or buffer as the limit: the bytes that were under way, and what a gigabit needs (its
  // bandwidth-delay product, RFC 6349 §3.3.1).
  std::optional<ByteCount> window, window_for_gigabit;
};

inline constexpr double kLeastConfidence = 0.6;

TransferLimit transfer_limit(const schema::Transfer& transfer);

}  // namespace gnomon::analysis
