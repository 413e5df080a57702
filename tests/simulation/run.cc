#include "simulation/run.h"

#include <algorithm>

#include "simulation/fleet_machine.h"
#include "simulation/network.h"
#include "simulation/server_machine.h"

namespace gnomon::simulation {

using namespace std::chrono_literals;

namespace {

class Run {
 public:
  Run(std::uint64_t seed, Enrolment& enrolment, bool trace)
      : world_(seed, trace),
        enrolment_(enrolment),
        oracle_(world_),
        network_(world_),
        server_(world_, oracle_, enrolment) {
    enrolment_.enrol_all();
    network_.connect(server_);
    interval_ = world_.between(10s, 5min);
    // Some dozens of batches, however far apart they are.
    const Nanoseconds length = interval_ * static_cast<std::int64_t>(10 + world_.below(50));
    troubled_ = std::clamp<Nanoseconds>(length, 10min, 4h);
    const std::size_t fleets = 1 + world_.below(2);
    for (std::size_t i = 0; i < fleets; ++i) {
      fleets_.push_back(
          std::make_unique<FleetMachine>(world_, oracle_, network_, 2 * i, 1 + world_.below(2), interval_));
    }
    // Some runs have few troubles, so that each kind is also met alone.
    pause_ = troubled_ / static_cast<std::int64_t>(3 + world_.below(40));
  }

  Outcome run() {
    server_.start();
    for (auto& fleet : fleets_) {
      fleet->measure();
      fleet->start();
    }
    world_.in(world_.between(0s, pause_), [this] { trouble(); });
    world_.run_until(troubled_);
    heal();
    const Nanoseconds patience = 4 * interval_ + 20min;
    world_.in(3 * interval_, [this] {
      for (auto& fleet : fleets_) fleet->stop_measuring();
      wait_for_rest();
    });
    world_.run_until(troubled_ + patience);
    if (world_.violation().empty() && !at_rest_) world_.violate("at rest", unrest());
    if (world_.violation().empty()) finish();
    return outcome();
  }

 private:
  FleetMachine& some_fleet() { return *fleets_[world_.below(fleets_.size())]; }
  Machine& some_machine() { return world_.chance(50) ? static_cast<Machine&>(server_) : some_fleet(); }

  void trouble() {
    if (world_.healed()) return;
    switch (world_.below(16)) {
      case 0:
      case 1:
      case 2: {
        const bool power = world_.chance(65);
        some_machine().schedule_crash(power);
        break;
      }
      case 3:
        some_machine().crash_now(world_.chance(50));
        break;
      case 4: {  // both ends
        const bool power = world_.chance(50);
        server_.schedule_crash(power);
        some_fleet().schedule_crash(power);
        break;
      }
      case 5:
        world_.tell("world", "a disk is full");
        some_machine().fill_disk();
        break;
      case 6:
        world_.tell("world", "a disk fails to sync");
        some_machine().files.fail_syncs(1 + static_cast<int>(world_.below(2)));
        break;
      case 7:
        world_.tell("world", "a disk fails to write");
        some_machine().files.fail_writes(1 + static_cast<int>(world_.below(2)));
        break;
      case 8:
        read_errors();
        break;
      case 9:
        slow_disk();
        break;
      case 10:
        step_clock();
        break;
      case 11:
        network_.set_loss(static_cast<unsigned>(world_.below(100)));
        world_.tell("world", "the network loses {} %", network_.loss());
        break;
      case 12:
        network_.set_loss(static_cast<unsigned>(world_.below(10)));
        break;
      case 13:
        if (world_.chance(30)) remove_key();
        break;
      case 14:
        world_.tell("world", "the tables refuse");
        server_.store().fail(1 + static_cast<int>(world_.below(6)));
        break;
      default:
        if (world_.chance(40)) server_.lose_index();
        if (world_.chance(40)) server_.lose_tile();
        if (world_.chance(40)) server_.lose_tables();
        break;
    }
    world_.in(world_.between(0s, 2 * pause_), [this] { trouble(); });
  }

  void read_errors() {
    world_.tell("world", "a disk fails to read");
    if (world_.chance(50)) {
      server_.files.fail_reads(1 + static_cast<int>(world_.below(3)));
    } else {
      some_fleet().read_errors();
    }
  }

  void slow_disk() {
    Machine& machine = some_machine();
    machine.set_disk_delay(world_.between(10ms, 5s));
    world_.tell("world", "a disk is slow");
    world_.in(world_.between(10s, 300s), [&machine] { machine.set_disk_delay({}); });
  }

  void step_clock() {
    const Nanoseconds by = (world_.chance(50) ? 1 : -1) * world_.between(1s, 8h);
    Machine& machine = some_machine();
    machine.clock.step_wall(by);
    world_.tell("world", "the wall clock of {} is stepped by {} s", machine.name, by.count() / 1'000'000'000);
  }

  void remove_key() {
    world_.tell("world", "a key is removed");
    enrolment_.remove(world_.below(4));
    world_.in(world_.between(10s, 400s), [this] { enrolment_.enrol_all(); });
  }

  void heal() {
    world_.tell("world", "peace");
    world_.heal();
    enrolment_.enrol_all();
    server_.heal();
    server_.store().fail(0);
    for (auto& fleet : fleets_) fleet->heal();
    // What a failed sync has left distrusted is trusted again after a restart, as an operator would do.
    if (server_.is_up()) server_.crash_now(world_.chance(30));
  }

  [[nodiscard]] std::string unrest() const {
    for (const auto& fleet : fleets_) {
      if (std::string why = fleet->unrest(); !why.empty()) return why;
    }
    return server_.unrest();
  }

  void wait_for_rest() {
    at_rest_ = unrest().empty();
    if (at_rest_) return world_.end();
    if (world_.chance(10)) {
      for (auto& fleet : fleets_) fleet->measure_once();
    }
    world_.in(5s, [this] { wait_for_rest(); });
  }

  void finish() {
    for (auto& fleet : fleets_) fleet->finish();
    server_.finish(world_.chance(10));
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.invariant = world_.invariant();
    outcome.violation = world_.violation();
    outcome.fingerprint = world_.fingerprint();
    outcome.simulated = world_.now();
    outcome.events = world_.events_run();
    outcome.batches = oracle_.records();
    outcome.windows = oracle_.windows();
    outcome.checkpoints = oracle_.checkpoints();
    outcome.ranges = oracle_.ranges();
    outcome.crashes = server_.crashes();
    for (const auto& fleet : fleets_) outcome.crashes += fleet->crashes();
    return outcome;
  }

  World world_;
  Enrolment& enrolment_;
  Oracle oracle_;
  Network network_;
  ServerMachine server_;
  std::vector<std::unique_ptr<FleetMachine>> fleets_;
  Nanoseconds interval_{};
  Nanoseconds troubled_{};
  Nanoseconds pause_{};
  bool at_rest_ = false;
};

}  // namespace

Outcome run_seed(std::uint64_t seed, const std::filesystem::path& scratch, bool trace) {
  // Kept from seed to seed, since it is a real file; in another folder it is another one.
  static std::optional<Enrolment> enrolment;
  if (!enrolment || enrolment->file().parent_path() != scratch) enrolment.emplace(scratch);
  return Run(seed, *enrolment, trace).run();
}

}  // namespace gnomon::simulation
