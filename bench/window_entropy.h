#pragma once

// How many bits delay windows hold, whoever stores them: the order-0 entropy, column by column, of what the best simple
// predictor leaves over.
//
// Predictors: the start from the one before (10 s later); least delays from the path's window before; means and maxima
// from the minimum; a first bucket from the minimum's; lost and received from sent; clock_bound from error_bound; each
// packet's bucket from the next lower one (ipdv by magnitude, with its sign). What is left over is coded as the class
// of its size (entropy of the classes) and the bits below the first one (counted whole). It is an estimate from above:
// columns are taken as independent. Paths, journal records and other bookkeeping are not counted.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "schema/delay_window.h"

namespace gnomon::bench {

class WindowEntropy {
 public:
  // Windows of a path in order of time.
  void add(PathId path, const schema::DelayWindow& window);
  [[nodiscard]] double bytes_per_window() const;
  [[nodiscard]] double bytes_per_window(std::string_view column) const;

 private:
  // What is left over of one column.
  struct Residuals {
    std::array<std::uint64_t, 65> classes{};
    double raw_bits = 0;
    void add(std::int64_t value);
    [[nodiscard]] double bits() const;
  };
  struct Before {
    std::int64_t start_ms = 0, rtt_min = 0, forward_min = 0, backward_min = 0;
  };
  void add_sketch(const std::string& column, const DelaySketch& sketch);

  std::map<std::string, Residuals, std::less<>> columns_;
  std::map<PathId, Before> before_;
  std::uint64_t windows_ = 0;
};

}  // namespace gnomon::bench
