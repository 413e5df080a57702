#include "bench/load/window_shapes.h"

#include <algorithm>
#include <cmath>

#include "bench/load/varint.h"
#include "core/sketch.h"

namespace gnomon::bench {

namespace {

// DDSketch's γ for an accuracy of 0.5 % (docs/spec/batch.md).
constexpr double kGamma = 1.005 / 0.995;
constexpr double kLossRatio = 0.003;

// A normal deviate from two uniform ones (Box, Muller 1958).
double normal(Random& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307 * random.uniform());
}

Nanoseconds ns(double value) {
  return Nanoseconds(static_cast<std::int64_t>(value));
}

void append_to(MovableSketch::Run& run, int number) {
  if (run.buckets == 0) {
    run.first = number;
  } else {
    put_signed(run.distances, number - run.last);
  }
  run.last = number;
  ++run.buckets;
}

MovableSketch movable(const DelaySketch& sketch) {
  MovableSketch out;
  for (const DelaySketch::Bucket& bucket : sketch.buckets()) {
    append_to(bucket.number < 0 ? out.below : out.above, bucket.number);
    put_unsigned(out.counts, bucket.count);
  }
  return out;
}

WindowShape make_shape(Random& random, bool is_stamp) {
  WindowShape shape;
  shape.is_stamp = is_stamp;
  // Ten normal delays span 3.08 standard deviations; the spans of the lab's windows are log-normal.
  const double spread = std::exp(std::log(0.24) + 0.65 * normal(random)) / 3.08;
  DelaySketch rtt, forward, backward, ipdv;
  double sum = 0, last = 0;
  for (std::uint32_t i = 0; i < WindowShapes::kPackets; ++i) {
    if (random.uniform() < kLossRatio) {
      ++shape.lost;
      continue;
    }
    const auto way = [&] {  // jitter adds to the least delay
      return 0.5 * WindowShapes::kReference * std::max(0.2, 1 + spread * 1.4 * normal(random));
    };
    const double there = way(), back = way();
    const double round = there + back;
    rtt.add(ns(round));
    if (is_stamp) {
      forward.add(ns(there));
      backward.add(ns(back));
    }
    if (shape.received > 0) ipdv.add(ns(round - last));
    const bool first = shape.received++ == 0;
    const auto note = [first](double value, double& min, double& max) {
      min = first ? value : std::min(min, value);
      max = first ? value : std::max(max, value);
    };
    note(round, shape.rtt_min, shape.rtt_max);
    note(there, shape.forward_min, shape.forward_max);
    note(back, shape.backward_min, shape.backward_max);
    sum += round;
    last = round;
  }
  if (shape.received > 0) shape.rtt_mean = std::clamp(sum / shape.received, shape.rtt_min, shape.rtt_max);
  shape.error_bound = static_cast<std::uint32_t>(1'000 * std::exp(std::abs(normal(random))));
  shape.sketches = {movable(rtt), movable(forward), movable(backward), movable(ipdv)};
  return shape;
}

}  // namespace

WindowShapes::WindowShapes(Random& random, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    echo_.push_back(make_shape(random, false));
    stamp_.push_back(make_shape(random, true));
  }
}

const WindowShape& WindowShapes::any(Random& random, bool is_stamp) const {
  const auto& shapes = is_stamp ? stamp_ : echo_;
  return shapes[random.next() % shapes.size()];
}

int WindowShapes::draw_distance(Random& random) {
  const double rtt = std::exp(std::log(15e6) + 0.7 * normal(random));
  return static_cast<int>(std::log(rtt / kReference) / std::log(kGamma));
}

double WindowShapes::factor_of(int distance) {
  return std::pow(kGamma, distance);
}

double WindowShapes::buckets_a_sketch() const {
  std::size_t buckets = 0;
  for (const WindowShape& shape : stamp_) {
    for (std::size_t i = 0; i < 3; ++i) buckets += shape.sketches[i].above.buckets;
  }
  return static_cast<double>(buckets) / (3.0 * static_cast<double>(stamp_.size()));
}

}  // namespace gnomon::bench
