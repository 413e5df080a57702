#pragma once

// The probe's half of a history: the real Delivery and the real Spool over files in memory; only windows, packets and
// HTTP are left out. A crash may come between any two actions.

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "probe/delivery.h"
#include "probe/spool.h"
#include "segment/memory_file_system.h"
#include "simulation/oracle.h"

namespace gnomon::simulation {

struct Posted {
  std::uint64_t life = 0;  // which incarnation of the probe asked
  std::uint64_t request = 0;
  std::vector<std::string> batches;
};

class ProbeModel {
 public:
  ProbeModel(Oracle& oracle, ManualClock& clock, Random& random, probe::DeliveryLimits limits, probe::Mutant mutant);

  // Windows that the probe measured: closes a batch of them. Nothing when the probe is down.
  void close_batch(std::size_t windows);
  void answer(std::uint64_t life, std::uint64_t request, const std::vector<probe::Ack>& acks);
  void fail(std::uint64_t life, std::uint64_t request, const probe::Delivery::Failure& failure);
  void tick();
  // kill -9 (files stay as written) or loss of power (unsynced bytes may go).
  void crash(bool power);
  void start();

  [[nodiscard]] bool is_up() const { return delivery_ != nullptr; }
  [[nodiscard]] bool is_idle() const { return is_up() && delivery_->idle() && delivery_->pending().empty(); }
  [[nodiscard]] std::optional<MonotonicTime> wake() const { return is_up() ? delivery_->wake() : std::nullopt; }
  [[nodiscard]] std::vector<Posted> take_posted() { return std::exchange(posted_, {}); }
  [[nodiscard]] segment::MemoryFileSystem& files() { return files_; }
  // The probability of a crash between two actions, out of a million.
  // Called with a line for every action carried out.
  void set_narrator(std::function<void(const std::string&)> narrator) { narrator_ = std::move(narrator); }
  void set_crash_chance(std::uint64_t ppm) { crash_ppm_ = ppm; }

 private:
  void perform(probe::Actions actions);
  probe::Actions perform_one(const probe::Action& action);
  probe::Actions store(std::uint64_t sequence);
  void post(const probe::action::Send& send);

  Oracle& oracle_;
  ManualClock& clock_;
  Random& random_;
  probe::DeliveryLimits limits_;
  probe::Mutant mutant_;
  segment::MemoryFileSystem files_;
  std::optional<probe::Spool> spool_;
  std::unique_ptr<probe::Delivery> delivery_;
  struct Held {
    probe::BatchRecord record;
    std::string text;
  };
  std::map<std::uint64_t, Held> unsaved_;
  std::set<std::uint64_t> acknowledged_;  // those forgotten because the server said so
  std::vector<Posted> posted_;
  std::uint64_t life_ = 0;
  WindowId next_window_ = 1;
  std::uint64_t crash_ppm_ = 0;
  bool refused_ = false;  // the disk has refused something in this life
  std::function<void(const std::string&)> narrator_;
};

}  // namespace gnomon::simulation
