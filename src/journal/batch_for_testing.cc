// A file x_test.cc would belong to this room's tests alone; other rooms' tests use this too.
#include "journal/batch_for_test.h"

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"

namespace gnomon::journal {

using namespace std::chrono_literals;

ProbeForTest::ProbeForTest(unsigned char seed)
    : key_(crypto::PrivateKey::from_seed(std::vector(32, static_cast<std::byte>(seed))).value()) {}

ProbeId ProbeForTest::id() const {
  return crypto::probe_id(key_.public_key());
}

std::string ProbeForTest::batch(std::uint64_t sequence, int windows) const {
  constexpr std::int64_t kStart = 1'800'000'000'000;
  v1::Batch message;
  const ProbeId probe = id();
  message.set_probe_id(probe.bytes.data(), probe.bytes.size());
  message.set_sequence(sequence);
  message.set_base_unix_ms(kStart + static_cast<std::int64_t>(sequence) * 10'000);
  message.set_created_unix_ms(message.base_unix_ms() + 10'000);
  message.set_probe_name("p");
  auto* path = message.add_paths();
  path->set_method("echo");
  path->set_target("dc-1");
  path->set_family(v1::ADDRESS_FAMILY_IPV4);
  for (int i = 0; i < windows; ++i) {
    schema::DelayWindow window;
    window.start = WallTime{std::chrono::milliseconds(message.base_unix_ms())};
    window.duration = 10s;
    window.outcome = schema::Outcome::kAnswered;
    window.sent = window.received = 1;
    window.rtt_min = window.rtt_mean = window.rtt_max = 12ms + std::chrono::microseconds(i);
    window.rtt.add(*window.rtt_min);
    schema::append(*message.mutable_delay(), 0, window.start, window);
  }
  return schema::sign_batch(message, key_);
}

}  // namespace gnomon::journal
