#pragma once

// A simulated machine: its clocks, its disk, and whether the program on it runs. Programs die by kill -9 or with the
// power, between any two operations of the disk, and are started again.

#include <functional>
#include <string>

#include "segment/memory_file_system.h"
#include "simulation/world.h"

namespace gnomon::simulation {

// Monotonic time begins anew with each boot; wall time may be stepped.
class MachineClock final : public Clock {
 public:
  MachineClock(const World& world, Nanoseconds wall_error) : world_(world), wall_error_(wall_error) {}
  [[nodiscard]] MonotonicTime now() const override { return {world_.now() - booted_ + std::chrono::seconds(7)}; }
  [[nodiscard]] WallTime wall() const override {
    constexpr Nanoseconds kStart = std::chrono::hours(24 * 365 * 57);
    return {kStart + world_.now() + wall_error_};
  }
  void boot() { booted_ = world_.now(); }
  void step_wall(Nanoseconds by) { wall_error_ += by; }

 private:
  const World& world_;
  Nanoseconds booted_{};
  Nanoseconds wall_error_;
};

class Machine {
 public:
  Machine(World& w, std::string n, Nanoseconds wall_error) : world(w), clock(w, wall_error), name(std::move(n)) {}
  virtual ~Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void start();
  [[nodiscard]] bool is_up() const { return up_; }
  // At the next operations of the disk, or now.
  void schedule_crash(bool power);
  void crash_now(bool power);
  // How long each sync takes from now on.
  void set_disk_delay(Nanoseconds each_sync) { sync_time_ = each_sync; }
  void fill_disk();
  void heal();
  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }

  World& world;
  MachineClock clock;
  segment::MemoryFileSystem files;
  const std::string name;

 protected:
  // The program's start; false when it cannot start now and should be tried again.
  virtual bool boot() = 0;
  // Its memory goes; the disk does not answer it any more.
  virtual void die() = 0;
  // What is on the disk before the program starts again.
  virtual void after_crash() {}

  // Runs `happen` later on this machine, unless the program has died by then; while the disk keeps it waiting, later.
  void later(Nanoseconds delay, std::function<void()> happen);
  // The same for what is meant for that run of the program alone.
  void deliver(std::uint64_t life, Nanoseconds delay, std::function<void()> happen) {
    world.in(delay, [this, life, happen = std::move(happen)] { turn(life, happen); });
  }
  // Runs something of the program now, and looks at what it did to the disk.
  void run(const std::function<void()>& happen);
  [[nodiscard]] std::uint64_t life() const { return life_; }

 private:
  void turn(std::uint64_t life, const std::function<void()>& happen);
  void go_down();

  bool up_ = false;
  bool starting_ = false;
  bool power_ = false;  // the crash that comes is one of power
  std::uint64_t life_ = 0;
  std::uint64_t crashes_ = 0;
  Nanoseconds busy_until_{};
  Nanoseconds sync_time_{};
  int depth_ = 0;
};

}  // namespace gnomon::simulation
