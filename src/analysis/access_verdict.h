#pragma once

// What several methods, reconciled, say together of one direction of an access: what it carries, and what limits it.
//
// Pure functions, thread-safe.

#include <span>

#include "analysis/reconciliation.h"

namespace gnomon::analysis {

struct AccessVerdict {
  double ip_bps = 0;      // the highest rate, of IP packets; 0: nothing was measured
  std::string method;     // that had it
  int agreeing = 0;       // methods within kAgreeing of it, itself too
  int measured = 0;       // methods with a rate
  bool at_least = false;  // an end, loss or the search held back the highest: the access may carry more
  Limit limit = Limit::kUnsure;
  double confidence = 0;  // 0 to 1
  Text sentence;
};

inline constexpr double kAgreeing = 0.05;  // of the highest

// `rows` are what reconcile() made of `methods`, in the same order.
//
// A policer that one method saw is on the way of all. Otherwise what limited those that agree with the highest counts:
// the network when one of them says so, or when UDP and TCP agree, which have no limit in common but the path; an end
// when that is all that was seen of the highest.
AccessVerdict access_verdict(std::span<const MethodRate> methods, std::span<const ReconciledRate> rows);

}  // namespace gnomon::analysis
