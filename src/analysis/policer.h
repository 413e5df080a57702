#pragma once

// A policer: a token bucket that drops what exceeds it, instead of letting it wait. Seen in the delivery curve, as
// Flach et al. found it in the flows of a large content network ("An Internet-Wide Analysis of Traffic Policing",
// SIGCOMM 2016): a bucket of B bytes that fills at r lets no more than B + r·t bytes pass within t, so that the curve
// first climbs steeply and then lives below a straight line of slope r, which it touches whenever the bucket is empty.
//
// Flach et al. take the goodput between the first and the last lost packet for r and play a bucket against each packet.
// Samples 50 ms apart have no packets; here the line is that part of the curve's least concave majorant which lasts
// longest: it touches the curve at least twice, where the bucket was empty, so its slope is r even though TCP is below
// it most of the time. B is how far the line lies above the moment at which the curve began to be steeper than it.
//
// Told apart from
//   a queue         its deliveries never exceed the line's rate: no burst; and it delays
//   a shaper        (a bucket with a queue): after the burst its packets wait
//   slow start      that overshoots a link: again no deliveries above the line
//   other traffic   that takes a share from some moment on: the link was full, and lost or delayed, before it
//   random loss     has no line: the longest part is short
//
// Pure functions, thread-safe. Bytes are those of the application; the policer's own count holds the headers too
// (reconciliation.h).

#include <optional>

#include "analysis/delivery_curve.h"

namespace gnomon::analysis {

struct Policer {
  double bps = 0;  // the bucket's fill rate
  // The transfer was slower than that for so long that the bucket was full again in between: both figures are the least
  // that fits. One stream over a long path is like that; several streams empty the bucket more often.
  bool at_least = false;
  double burst_bytes = 0;    // the bucket
  double loss_ratio = 0;     // retransmitted of sent segments, once it was empty
  Nanoseconds emptied{};     // when the bucket was first empty
  Nanoseconds delay{};       // median of the round trip above the least one, afterwards
  Nanoseconds delay_most{};  // above which it would be a shaper
  double held = 0;           // share of the time afterwards that the line spans, 0 to 1
};

// Nothing when there is none, or when the samples hold no TCP state to tell it from a shaper.
std::optional<Policer> find_policer(std::span<const schema::TransferSample> samples);

}  // namespace gnomon::analysis
