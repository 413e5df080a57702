#pragma once

// For tests: a probe that signs small batches.

#include <string>

#include "core/clock.h"
#include "crypto/ed25519.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"
#include "schema/delay_window.h"

namespace gnomon::server {

struct TestProbe {
  crypto::PrivateKey key = crypto::PrivateKey::generate();

  [[nodiscard]] v1::Batch batch(std::uint64_t sequence) const {
    v1::Batch batch;
    const ProbeId id = crypto::probe_id(key.public_key());
    batch.set_probe_id(id.bytes.data(), id.bytes.size());
    batch.set_sequence(sequence);
    batch.set_base_unix_ms(1'700'000'000'000);
    batch.set_created_unix_ms(1'700'000'010'000);
    batch.set_probe_name("test");
    batch.add_paths()->set_target("dc-2");
    schema::DelayWindow window;
    window.start = WallTime{std::chrono::seconds(1'700'000'000)};
    window.duration = std::chrono::seconds(10);
    window.sent = window.lost = 10;
    schema::append(*batch.mutable_delay(), 0, WallTime{std::chrono::seconds(1'700'000'000)}, window);
    return batch;
  }
  [[nodiscard]] std::string signed_batch(std::uint64_t sequence) const {
    return schema::sign_batch(batch(sequence), key);
  }
};

// IngestRequest with these SignedBatches.
inline std::string ingest_body(const std::vector<std::string>& signed_batches) {
  v1::IngestRequest request;
  for (const auto& bytes : signed_batches) {
    if (!request.add_batches()->ParseFromString(bytes)) return {};
  }
  return request.SerializeAsString();
}

}  // namespace gnomon::server
