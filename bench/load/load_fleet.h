#pragma once

// Probes that only exist as keys: signed batches of real shape from many identities, each different. One thread.

#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/window_shapes.h"
#include "core/clock.h"
#include "core/ids.h"
#include "crypto/ed25519.h"

namespace gnomon::bench {

class LoadFleet {
 public:
  // Keys are made from the seed. Every probe measures the same `paths` paths, as those of one plan do: targets by echo
  // and by STAMP in turn, over IPv4 and IPv6.
  LoadFleet(std::size_t probes, std::size_t paths, std::uint64_t seed);

  [[nodiscard]] std::size_t size() const { return probes_.size(); }
  [[nodiscard]] std::size_t paths() const { return paths_; }
  [[nodiscard]] const WindowShapes& shapes() const { return shapes_; }
  // "KEY NAME SITE", a line a probe, for `gnomon probe allow --from`.
  [[nodiscard]] std::string enrolment() const;

  // The next batch of a probe, one window of ten seconds for each path from `start` on, as the body of
  // POST /api/v1/ingest.
  std::string next_request(std::size_t probe, WallTime start);

 private:
  struct Probe {
    crypto::PrivateKey key;
    ProbeId id;
    std::uint64_t sequence = 0;
  };
  void write_columns();
  void write_sketch(std::size_t which, const MovableSketch& sketch, int distance);
  void join_columns();

  // The fields of DelayWindows that differ from batch to batch, then those that do not, as written by join_columns().
  struct Columns {
    std::string outcome, received, lost, lost_forward, lost_backward, reordered_forward, reordered_backward;
    std::string rtt_min, rtt_mean, rtt_max, forward_min, forward_max, backward_min, backward_max;
    std::string error_bound, clock_bound;
    struct Sketch {
      std::string length, number, count;
    };
    std::array<Sketch, 4> sketches;
  };
  std::size_t paths_;
  SeededRandom random_;
  WindowShapes shapes_;
  std::vector<int> distances_;  // of the paths, in buckets from the reference
  std::vector<double> factors_;
  std::vector<Probe> probes_;
  std::string path_table_;  // Batch.paths
  std::string constant_columns_;
  Columns columns_;
  std::string delay_;
};

}  // namespace gnomon::bench
