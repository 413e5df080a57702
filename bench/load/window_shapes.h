#pragma once

// Delay windows of real shape, made cheaply: for load generators.
//
// The shapes are those of the lab region `delta` over five minutes (25,840 windows of ten packets, half echo, half
// STAMP): round trips around 17 ms (4.8 to 29 ms at p10 and p90), the spread of a window's delays 24 % of its mean (6.5
// % to 55 %), so that a sketch of ten packets has about 7.8 buckets and that of their differences 9.9; 0.3 % of packets
// are lost. Sketches have logarithmic buckets, so that a window of a slower path is the same one with its buckets
// moved: a few thousand windows are made once and then only moved. One thread.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/random.h"

namespace gnomon::bench {

// A sketch whose delays grow with the path's: buckets below zero and above, each as varints of the distances between
// them. Moving it by k buckets changes the first and, where both are there, the distance across zero.
struct MovableSketch {
  struct Run {
    std::uint32_t buckets = 0;
    int first = 0, last = 0;
    std::string distances;  // after the first, packed zigzag varints
  };
  Run below, above;
  std::string counts;  // packed varints
};

struct WindowShape {
  bool is_stamp = false;
  std::uint32_t received = 0, lost = 0;
  // For a path whose typical round trip is kReference.
  double rtt_min = 0, rtt_mean = 0, rtt_max = 0;
  double forward_min = 0, forward_max = 0, backward_min = 0, backward_max = 0;
  std::uint32_t error_bound = 0;
  std::array<MovableSketch, 4> sketches;  // rtt, forward, backward, ipdv
};

class WindowShapes {
 public:
  static constexpr double kReference = 1e6;  // ns
  static constexpr std::uint32_t kPackets = 10;

  explicit WindowShapes(Random& random, std::size_t count = 2'048);
  [[nodiscard]] const WindowShape& any(Random& random, bool is_stamp) const;
  // How many buckets from kReference a path of this region is, drawn anew; and the factor of its delays.
  static int draw_distance(Random& random);
  static double factor_of(int distance);
  [[nodiscard]] double buckets_a_sketch() const;  // mean of rtt, forward and backward where there are any

 private:
  std::vector<WindowShape> echo_, stamp_;
};

}  // namespace gnomon::bench
