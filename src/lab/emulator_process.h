#pragma once

// The emulator as a child process, seen from the lab: started, given settings, read, ended.
//
// The child ends with its parent however that ends: it watches a pipe whose only write end is here (kill -9 closes it,
// too). Any thread may call; `apply` calls must not overlap.

#include <cstdint>
#include <functional>
#include <memory>

#include "core/error.h"
#include "lab/emulator_memory.h"
#include "net/namespace.h"

namespace gnomon::lab {

struct EmulatorOptions {
  std::uint64_t seed = 1;
  bool real_time = true;  // SCHED_FIFO when the system allows it.
  int cpu = -1;           // Pinned to this CPU; -1: wherever the scheduler likes.
};

class EmulatorProcess {
 public:
  // `first_interface` is the index of the first of the emulator's interfaces, two per link, in `place`. The memory must
  // outlive the process and hold the first settings.
  static Result<std::unique_ptr<EmulatorProcess>> start(EmulatorMemory& memory, const net::Namespace& place,
                                                        net::NamespaceRunner& runner, int first_interface,
                                                        const EmulatorOptions& options);
  ~EmulatorProcess();
  EmulatorProcess(const EmulatorProcess&) = delete;
  EmulatorProcess& operator=(const EmulatorProcess&) = delete;

  // Lets `write` change the wanted settings and returns when the emulator works by them (within a second, else
  // kUnavailable).
  Status apply(const std::function<void()>& write, bool reset_counts = false);
  [[nodiscard]] bool alive() const;
  [[nodiscard]] int pid() const { return pid_; }
  // Readable when the process has ended (pidfd_open(2)).
  [[nodiscard]] int pid_fd() const { return pid_fd_; }

 private:
  explicit EmulatorProcess(EmulatorMemory& memory) : memory_(memory) {}
  Status wait_until_applied(std::uint32_t generation);

  EmulatorMemory& memory_;
  int pid_ = -1;
  int pid_fd_ = -1;
  int wake_ = -1;
  int answer_ = -1;
  int lifeline_ = -1;
};

}  // namespace gnomon::lab
