#pragma once

// What a thread, and the control group it is in, get of the processor.
//
// /proc/PID/task/TID/schedstat: time on a processor, and time ready to run without one (in the kernel's
// Documentation/scheduler/sched-stats.rst); cpu.stat of the control group: time that its quota held it back
// (admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst). Any thread may ask; each object belongs to one thread.

#include <sys/types.h>

#include <optional>

#include "core/clock.h"
#include "net/file_descriptor.h"

namespace gnomon::net {

// One thread of this process.
class ThreadUse {
 public:
  struct Times {
    Nanoseconds running{};
    Nanoseconds waiting{};
  };

  static ThreadUse of_caller();
  explicit ThreadUse(pid_t thread);
  // Since the thread began; nothing once it has ended, or without schedstat in the kernel.
  [[nodiscard]] std::optional<Times> read() const;

 private:
  FileDescriptor file_;
};

// The control group of this process.
class GroupQuota {
 public:
  GroupQuota();
  // How long the group was held back since it was made; nothing where groups have no quota.
  [[nodiscard]] std::optional<Nanoseconds> throttled() const;

 private:
  FileDescriptor file_;
};

}  // namespace gnomon::net
