#pragma once

// Cumulative bytes over time, as a curve that can be asked at any moment: samples come when a poll came round, and what
// is reckoned from them should not depend on that. Plain value, thread-safe to read.
//
// The samples may come from the far end, which is not believed: a sample whose time does not advance is left out, and
// a counter that goes back stays where it was.

#include <span>
#include <vector>

#include "schema/transfer.h"

namespace gnomon::analysis {

struct CurvePoint {
  double seconds = 0;
  double bytes = 0;
};

class DeliveryCurve {
 public:
  // Of the received bytes. Time 0 with 0 bytes is the first point, whatever the first sample says.
  explicit DeliveryCurve(std::span<const schema::TransferSample> samples);

  [[nodiscard]] std::span<const CurvePoint> points() const { return points_; }
  [[nodiscard]] double end() const { return points_.back().seconds; }
  // Between points a straight line; before the first 0, after the last one that.
  [[nodiscard]] double bytes_at(double seconds) const;
  // Bytes per second from one moment to a later one.
  [[nodiscard]] double rate(double from, double to) const { return (bytes_at(to) - bytes_at(from)) / (to - from); }
  // Mean rates of `count` windows of equal length that follow each other.
  [[nodiscard]] std::vector<double> rates(double from, double to, int count) const;

 private:
  std::vector<CurvePoint> points_;
};

// The value that a share `q` of the values (0 to 1) lies below, by linear interpolation; 0 when there are none.
double quantile_of(std::vector<double> values, double q);

}  // namespace gnomon::analysis
