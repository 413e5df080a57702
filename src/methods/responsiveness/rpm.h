#pragma once

// From delays of probes to round trips per minute (draft-ietf-ippm-responsiveness-09, "Aggregating the Measurements").
// Pure functions.

#include <optional>
#include <vector>

#include "core/clock.h"

namespace gnomon::methods::responsiveness {

// Delays of probes that have ended. Foreign ones: a new connection's TCP handshake, its TLS handshake divided by its
// round trips, and a request on it; self: a request on a connection that carries load.
struct ProbeDelays {
  std::vector<Nanoseconds> tcp, tls, http, self;
  std::vector<Nanoseconds> total;  // of a foreign probe: from nothing to the whole answer
  void add(const ProbeDelays& other);
};

struct Rpm {
  double foreign = 0;
  double loaded = 0;
  double overall = 0;  // their mean
};

// The mean of the smallest `kept` (0 to 1) of the samples, at least one; never more is cut than was asked for. Nothing
// when there are none.
std::optional<Nanoseconds> trimmed_mean(std::vector<Nanoseconds> samples, double kept);

// Without TLS the foreign part has two terms instead of three. Nothing while a term has no sample.
std::optional<Rpm> rpm_of(const ProbeDelays& delays, bool tls, double kept);

}  // namespace gnomon::methods::responsiveness
