#include "analysis/result_verdict.h"

#include <algorithm>
#include <cmath>

#include "analysis/transfer_ends.h"

namespace gnomon::analysis {

namespace {

using schema::AccessLimit;

AccessLimit limit_of(Limit limit) {
  switch (limit) {
    case Limit::kUnsure:
      return AccessLimit::kUnsure;
    case Limit::kNetworkRate:
      return AccessLimit::kNetwork;
    case Limit::kNetworkLoss:
      return AccessLimit::kLoss;
    case Limit::kPolicer:
      return AccessLimit::kPolicer;
    case Limit::kClientCpu:
      return AccessLimit::kClientCpu;
    case Limit::kServerCpu:
      return AccessLimit::kServerCpu;
    case Limit::kReceiveWindow:
      return AccessLimit::kReceiveWindow;
    case Limit::kSendBuffer:
      return AccessLimit::kSendBuffer;
    case Limit::kSenderApplication:
      return AccessLimit::kApplication;
    case Limit::kRadio:
      return AccessLimit::kRadio;
  }
  return AccessLimit::kUnsure;
}

std::uint64_t whole(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

}  // namespace

void fill_verdict(const TransferLimit& limit, schema::AccessResult& out) {
  out.verdict = limit_of(limit.limit);
  out.verdict_confidence = std::clamp(limit.confidence, 0.0, 1.0);
  for (const Evidence& seen : limit.evidence) {
    if (out.evidence.size() == schema::kMaximumEvidence) break;
    if (std::isfinite(seen.value)) out.evidence.push_back({seen.name, seen.value, seen.unit});
  }
  out.queue = limit.queue_delay;
  if (!limit.policer) return;
  out.policer_rate = whole(limit.policer->bps);
  out.policer_burst = whole(limit.policer->burst_bytes);
}

void fill_ends(const schema::Transfer& transfer, schema::AccessResult& out) {
  const TransferEnds ends = transfer_ends(transfer);
  out.client_cpu = ends.client_cpu;
  out.server_cpu = ends.server_cpu;
  out.retransmission_ratio = ends.retransmission_ratio;
}

}  // namespace gnomon::analysis
