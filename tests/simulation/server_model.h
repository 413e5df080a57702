#pragma once

// The server's acceptance of batches: exactly once by (probe, sequence) over the journal's own index, acknowledged
// after a group commit only. What a crash leaves of the uncommitted tail is up to the randomness.

#include <string>
#include <vector>

#include "core/random.h"
#include "journal/sequence_index.h"
#include "probe/delivery.h"
#include "simulation/oracle.h"

namespace gnomon::simulation {

class ServerModel {
 public:
  // `early_acknowledgement`: a planted bug, acknowledging before the commit.
  ServerModel(Oracle& oracle, bool early_acknowledgement)
      : oracle_(oracle), early_acknowledgement_(early_acknowledgement) {}

  struct Asked {
    std::uint64_t ticket = 0;  // of commit(); 0: the answer is ready now
    std::vector<probe::Ack> acks;
  };
  // `enrolled`: whether the probe's key is known at this moment.
  Asked take(const std::vector<std::string>& batches, bool enrolled);
  // The group commit: everything taken so far is durable.
  void commit();
  void crash(Random& random);
  [[nodiscard]] std::size_t uncommitted() const { return tail_.size(); }
  // Takes note that these answers have left.
  void answered(const std::vector<probe::Ack>& acks);

 private:
  Oracle& oracle_;
  bool early_acknowledgement_;
  ProbeId probe_{};
  journal::SequenceIndex durable_;
  std::vector<std::string> tail_;
};

}  // namespace gnomon::simulation
