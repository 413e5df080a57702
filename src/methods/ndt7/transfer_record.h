#pragma once

// Puts what both ends say into one series of samples. Pure; one thread.

#include <optional>

#include "methods/ndt7/measurement.h"
#include "schema/transfer.h"

namespace gnomon::methods::ndt7 {

class TransferRecord {
 public:
  // `own_sends`: this end is the sender. `believes_peer`: what the peer says makes samples and goes into them.
  TransferRecord(schema::Direction direction, bool own_sends, bool believes_peer = true)
      : own_sends_(own_sends), believes_peer_(believes_peer) {
    transfer_.direction = direction;
  }

  // What this end sees: `elapsed` since the test began, `bytes` of payload sent or received by it. True when it made a
  // sample.
  bool own(Nanoseconds elapsed, std::uint64_t bytes, const std::optional<TcpInfo>& tcp,
           const std::optional<schema::CpuUse>& cpu);
  // What the peer said, with this end's figures of that moment beside it. True when it made a sample.
  bool peer(const Measurement& said, const std::optional<TcpInfo>& tcp, const std::optional<schema::CpuUse>& cpu);

  [[nodiscard]] const schema::Transfer& transfer() const { return transfer_; }

 private:
  bool add(schema::TransferSample sample);

  const bool own_sends_, believes_peer_;
  schema::Transfer transfer_;
  std::optional<Measurement> said_;  // by the sender, not in a sample yet
  bool receiver_tells_ = false;
};

}  // namespace gnomon::methods::ndt7
