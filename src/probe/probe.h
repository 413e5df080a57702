#pragma once

// One probe: an identity, a spool, the paths it measures and the batches it makes of them. It has no thread of its own:
// a Fleet drives it from one worker thread, which alone may call it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "crypto/ed25519.h"
#include "net/file_descriptor.h"
#include "probe/outbox.h"
#include "probe/path_set.h"
#include "probe/rtnetlink.h"
#include "probe/uplink.h"
#include "probe/vantage.h"

namespace gnomon::probe {

struct ProbeIdentity {
  std::string name;
  std::string site;
  ProbeId id;
  crypto::PublicKeyBytes public_key{};
  // What an administrator types on the server's machine.
  [[nodiscard]] std::string enrol_command() const;
};

struct ProbeStatus {
  ProbeIdentity identity;
  std::size_t paths = 0;
  std::size_t paths_refused = 0;
  std::uint64_t windows = 0;  // measured since the start
  std::uint64_t batches_delivered = 0;
  std::uint64_t spool_batches = 0;
  std::uint64_t spool_bytes = 0;
  std::uint64_t dropped_windows = 0;
  UplinkState uplink = UplinkState::kIdle;
  std::vector<std::string> complaints;
};

struct ProbeParts {
  PathEnvironment environment;
  std::string folder;  // its own; holds key.pem, lock, spool/
  DeliveryLimits limits;
};

class Probe {
 public:
  // Windows that close within this of each other travel together.
  static constexpr Nanoseconds kGather = std::chrono::milliseconds(300);
  static constexpr std::size_t kRowsPerBatch = 4'000;
  static constexpr std::size_t kResultsPerBatch = 100;  // of the access network

  // Reads or makes the key in `folder` (made when there is none). No other process is asked.
  static Result<crypto::PrivateKey> open_key(const std::string& folder);

  // kConflict when another process uses the folder.
  static Result<std::unique_ptr<Probe>> open(ProbeParts parts, methods::Engine& engine, Inbox& inbox, Uplink& uplink,
                                             const Clock& clock, Random& random);

  void use_plan(const Plan& plan, const std::string& plan_revision);
  void take(Row row);
  // A test that ended. What it does not say of the access network, the probe fills in from its own place.
  void take(schema::AccessResult result);
  void take(const ParcelAnswer& answer);
  void lost(std::uint64_t windows);
  void tick(const MachineReading& machine);
  [[nodiscard]] MonotonicTime wake() const;
  // Makes a batch of what there is, now.
  void flush();
  // After the paths have ended: leaves the spool in order.
  void finish();

  [[nodiscard]] PathSet& paths() { return paths_; }
  [[nodiscard]] bool delivered() const { return outbox_->delivery().idle(); }
  [[nodiscard]] ProbeStatus status() const;

 private:
  Probe(ProbeParts parts, crypto::PrivateKey key, net::FileDescriptor lock, methods::Engine& engine, Inbox& inbox,
        Uplink& uplink, const Clock& clock);
  void close_batch(std::span<const Row> rows, std::span<const schema::AccessResult> results);
  void examine();
  void tell(bool is_warning, const std::string& text) const;

  ProbeParts parts_;
  crypto::PrivateKey key_;
  net::FileDescriptor lock_;
  Uplink& uplink_;
  const Clock& clock_;
  PathSet paths_;
  std::unique_ptr<Outbox> outbox_;  // never null once open() has returned
  std::optional<NetworkSensor> network_;
  ProbeIdentity identity_;
  BatchHeader header_;
  std::vector<Row> open_;
  std::vector<schema::AccessResult> results_;  // not yet in a batch
  std::optional<MonotonicTime> close_at_;
  MachineReading machine_;
  Nanoseconds clock_reported_{};
  NetworkReading seen_;
  Judgement judgement_;
  std::uint64_t windows_ = 0;
};

}  // namespace gnomon::probe
