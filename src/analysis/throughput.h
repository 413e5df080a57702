#pragma once

// How fast a transfer was after its ramp-up, how far that can be trusted, and when a running one may stop.
//
// Rates of neighbouring moments depend on each other (a congestion window swings over seconds), so that the usual
// interval of a mean would be far too narrow. Here: batch means (Law, "Simulation Modeling and Analysis", 5th ed.,
// §9.5.3) of equal length in time, whose variance is widened by (1 + ρ)/(1 − ρ) for the correlation ρ that is left
// between neighbouring batches, and Student's t with the degrees of freedom that this leaves, as in ASAP3 (Steiger,
// Wilson et al., ACM TOMACS 15, 2005). ρ is corrected for the bias of short series (Kendall 1954). What the 95 % hold
// is measured in throughput_test.cc.
//
// Pure functions, thread-safe. Rates are bits per second of what the receiving application got.

#include <optional>

#include "analysis/ramp_up.h"
#include "core/units.h"

namespace gnomon::analysis {

struct Throughput {
  double bps = 0;
  double low = 0, high = 0;  // encloses the long-run mean at 95 %
  Nanoseconds from{}, to{};  // what it was reckoned from
  // Half of the interval's width as a share of the rate; nothing when the rate is 0.
  [[nodiscard]] std::optional<double> precision() const;
};

// Nothing when less than a second, or fewer than 16 samples, are left after the ramp-up.
std::optional<Throughput> throughput(const DeliveryCurve& curve, Nanoseconds from);

// When a test is precise enough.
struct Precision {
  double half_width = 0.02;  // of the rate
  Nanoseconds least = std::chrono::seconds(3);
  Nanoseconds full = std::chrono::seconds(10);
};

struct StopAdvice {
  bool stop = false;
  bool precise = false;                  // the half-width is reached; with `stop` and not `precise` the time was up
  std::optional<Throughput> throughput;  // at the look that decided, or the last one
  Nanoseconds spared_time{};             // against the full duration
  ByteCount spared{};                    // at the present rate
};

// May the transfer, of which these are the samples so far, stop now? To be asked at any moment and as often as one
// likes: looks are counted at fixed moments only (`least`, and then each a tenth later than the last), and it takes two
// looks in a row that are precise enough, so that asking often does not stop a test at a lucky moment; and the
// interval is wider by a quarter, as the price of having looked (Glynn, Whitt, Annals of Applied Probability 2, 1992:
// stopping at a moment of small variance is what makes sequential intervals fail). The coverage at the stop is measured
// in throughput_test.cc.
StopAdvice may_stop(std::span<const schema::TransferSample> samples, const Precision& precision);

}  // namespace gnomon::analysis
