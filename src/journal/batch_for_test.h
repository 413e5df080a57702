#pragma once

// Signed batches for tests: a probe with a fixed key that measures one path. The same seed gives the same bytes.

#include <cstdint>
#include <string>

#include "core/ids.h"
#include "crypto/ed25519.h"

namespace gnomon::journal {

class ProbeForTest {
 public:
  explicit ProbeForTest(unsigned char seed = 1);

  [[nodiscard]] ProbeId id() const;
  // A SignedBatch with `windows` windows of ten seconds each.
  [[nodiscard]] std::string batch(std::uint64_t sequence, int windows = 1) const;

 private:
  crypto::PrivateKey key_;
};

}  // namespace gnomon::journal
