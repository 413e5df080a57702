#pragma once

// The probe's end: one or two probes that share a program, a disk and an uplink, over the real Outbox (delivery
// machine, spool), the real batches with real signatures, and the uplink's real exchange. Only packets and sockets are
// left out.

#include <deque>
#include <memory>
#include <vector>

#include "crypto/ed25519.h"
#include "probe/outbox.h"
#include "probe/uplink_exchange.h"
#include "simulation/machine.h"
#include "simulation/oracle.h"

namespace gnomon::simulation {

class Network;

struct Identity {
  crypto::PrivateKey key;
  ProbeId id;
};
// Of the n-th probe; made once.
const Identity& identity(std::size_t n);

class FleetMachine final : public Machine {
 public:
  // Probes `first` to `first + count - 1`; a batch of each about every `interval`.
  FleetMachine(World& w, Oracle& oracle, Network& network, std::size_t first, std::size_t count, Nanoseconds interval);
  ~FleetMachine() override;

  void measure();  // from now on, until stop_measuring()
  void stop_measuring() { measuring_ = false; }
  // One more batch of each probe, for what it still has to report.
  void measure_once();
  // An answer that comes again, long after it was taken.
  void stray(const std::vector<probe::ParcelAnswer>& answers);
  void read_errors();
  void wall_step(Nanoseconds by);

  [[nodiscard]] bool is_at_rest() const;
  [[nodiscard]] std::string unrest() const;
  void finish();  // the sums, by the oracle

  using Machine::deliver;
  using Machine::later;
  using Machine::life;

 private:
  struct Member {
    const Identity* identity = nullptr;
    std::unique_ptr<probe::Outbox> outbox;
    std::vector<std::uint64_t> not_safe;    // closed in this run, and not seen in the spool yet
    std::optional<MonotonicTime> patience;  // until when the server asked it to wait
    std::optional<MonotonicTime> ticking;
  };
  bool boot() override;
  void die() override;
  void close_batches();
  void close_batch(Member& member);
  void post(std::size_t member, std::uint64_t request, std::vector<std::string> batches);
  void carry();
  void carry(std::vector<probe::Parcel> parcels);
  void take(const std::vector<probe::ParcelAnswer>& answers);
  void after_event();
  [[nodiscard]] std::string folder_of(std::size_t member) const;

  Oracle& oracle_;
  Network& network_;
  probe::DeliveryLimits limits_;
  Nanoseconds interval_;
  std::size_t paths_;
  std::vector<std::shared_ptr<const probe::PathLabel>> labels_;
  std::vector<Member> members_;
  std::deque<probe::Parcel> waiting_;
  std::size_t requests_ = 0;  // under way
  bool measuring_ = false;
};

}  // namespace gnomon::simulation
