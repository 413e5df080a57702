#pragma once

// What takes rate from a method that reached less than the highest of its session (analysis/reconciliation.h). Pure
// functions, thread-safe.

#include <optional>
#include <span>
#include <vector>

#include "analysis/reconciliation.h"

namespace gnomon::analysis {

// A cause, and the share of the highest rate that it takes away.
struct ExplainedRate {
  RateCause cause = RateCause::kUnexplained;
  double share = 0;
  Text text;
};

// What is the same for all methods of a session.
struct RateScene {
  const MethodRate& highest;
  double highest_bps;      // in IP packets
  const Policer* policer;  // none: none was seen
  const PathPackets& packets;
};

// Of the method that is surest of it: a policer on the way of one is on the way of all.
const Policer* policer_of(std::span<const MethodRate> methods);

// The method's own end that held it: then nothing else is to be looked for. `below` as in ReconciledRate.
std::optional<ExplainedRate> held_by_an_end(const MethodRate& method, double below);

// What the way and the method itself took, the largest share first.
std::vector<ExplainedRate> causes_of(const MethodRate& method, double below, const RateScene& scene);

}  // namespace gnomon::analysis
