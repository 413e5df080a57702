#include "simulation/machine.h"

#include <array>

namespace gnomon::simulation {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kRoom = 256UL << 20;

}  // namespace

void Machine::start() {
  starting_ = false;
  if (up_) return;
  up_ = true;
  ++life_;
  const std::uint64_t syncs = files.sync_count();
  const bool booted = boot();
  busy_until_ = world.now() + sync_time_ * (files.sync_count() - syncs);
  world.tell(name, "{}", booted ? "started" : "could not start");
  if (booted && !files.is_off()) return;
  if (!files.is_off()) {
    // It ended by itself; somebody starts it again.
    up_ = false;
    ++life_;
    die();
    starting_ = true;
    world.in(5s, [this] { start(); });
    return;
  }
  go_down();
}

void Machine::later(Nanoseconds delay, std::function<void()> happen) {
  world.in(delay, [this, life = life_, happen = std::move(happen)] { turn(life, happen); });
}

void Machine::turn(std::uint64_t life, const std::function<void()>& happen) {
  if (!up_ || life != life_) return;
  if (busy_until_ > world.now()) {
    world.in(busy_until_ - world.now(), [this, life, happen] { turn(life, happen); });
    return;
  }
  run(happen);
}

void Machine::run(const std::function<void()>& happen) {
  const std::uint64_t syncs = files.sync_count();
  ++depth_;
  happen();
  --depth_;
  if (sync_time_ > 0s) busy_until_ = world.now() + sync_time_ * (files.sync_count() - syncs);
  if (depth_ == 0 && up_ && files.is_off()) go_down();
}

void Machine::schedule_crash(bool power) {
  if (!up_ || files.is_off()) return;
  power_ = power;
  files.cut_power(1 + world.below(60));
}

void Machine::crash_now(bool power) {
  if (!up_ || files.is_off()) return;
  power_ = power;
  files.cut_power();
  go_down();
}

void Machine::go_down() {
  using segment::Loss;
  constexpr std::array kLosses{Loss::kAll, Loss::kTail, Loss::kSome, Loss::kTorn};
  ++crashes_;
  up_ = false;
  ++life_;
  die();
  const Loss loss = power_ ? kLosses[world.below(kLosses.size())] : Loss::kNothing;
  world.tell(name, "{}", power_ ? fmt::format("loses power ({})", static_cast<int>(loss)) : "killed");
  files.restart(loss, world.random);
  if (power_) clock.boot();
  after_crash();
  if (!starting_) {
    starting_ = true;
    world.in(world.healed() ? Nanoseconds(1s) : world.between(1s, 90s), [this] { start(); });
  }
}

void Machine::fill_disk() {
  files.set_capacity(kRoom);
  const auto left = files.free_bytes("/").value_or(0);
  files.set_capacity(kRoom - left + world.below(3'000));
  world.in(world.between(1s, 200s), [this] { files.set_capacity(kRoom); });
}

void Machine::heal() {
  files.cut_power(UINT64_MAX);
  files.set_capacity(kRoom);
  files.fail_syncs(0);
  files.fail_writes(0);
  files.fail_reads(0);
  sync_time_ = {};
}

}  // namespace gnomon::simulation
