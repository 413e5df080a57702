#pragma once

// How far a percentile can be trusted: no number without its error.
//
// The interval comes from order statistics (David, Nagaraja: "Order Statistics", 3rd ed., §7.1): of n independent
// samples, the number below the true q-quantile is binomial(n, q), whatever the distribution. So the samples of ranks l
// and u, with l and u the binomial's quantiles, enclose the true quantile with at least the asked confidence. The
// sketch adds its own relative error at both ends. Consecutive delays are not quite independent: with strong
// correlation the interval is too narrow, which the reports say.
//
// Pure functions, thread-safe.

#include <cstdint>
#include <optional>

#include "core/sketch.h"

namespace gnomon::analysis {

struct PercentileInterval {
  Nanoseconds estimate{};
  Nanoseconds low{};
  Nanoseconds high{};
  // Whether n samples suffice for a bound on that side: with too few, the extreme sample stands there instead and the
  // confidence is less than asked. A p99 needs some 370 samples for an upper bound at 95 %.
  bool low_holds = false;
  bool high_holds = false;
  std::uint64_t samples = 0;
};

// `q` in (0, 1), `confidence` in (0, 1). Nothing when the sketch is empty.
std::optional<PercentileInterval> percentile_interval(const DelaySketch& sketch, double q, double confidence = 0.95);

// Ranks (from 0) of the samples that enclose the quantile; exact binomial up to 1,000 samples, above that the normal
// approximation with continuity correction. A rank of nothing: no sample bounds it on that side.
struct RankInterval {
  std::optional<std::uint64_t> low;
  std::optional<std::uint64_t> high;
};
RankInterval quantile_ranks(std::uint64_t samples, double q, double confidence);

}  // namespace gnomon::analysis
