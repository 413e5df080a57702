#pragma once

// Waiting for a descriptor with the precision that pacing needs: ppoll(2) with nanoseconds, and a thread whose timers
// are not rounded (the kernel's default slack is 50 µs) and that goes before the machine's other work where it may.

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "core/clock.h"

namespace gnomon::methods::udpst {

// True when `fd` can be read; at once when the time is up already.
inline bool wait_readable(int fd, Nanoseconds most) {
  most = std::max(most, Nanoseconds{});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(most);
  const timespec time{seconds.count(), (most - seconds).count()};
  pollfd wanted{fd, POLLIN, 0};
  return ::ppoll(&wanted, 1, &time, nullptr) > 0;
}

// The calling thread's timers are exact and its priority is raised, as far as the system allows, while this lives.
class PreciseTimers {
 public:
  PreciseTimers()
      : thread_(static_cast<id_t>(::gettid())),
        slack_(::prctl(PR_GET_TIMERSLACK)),
        nice_(::getpriority(PRIO_PROCESS, thread_)) {
    ::prctl(PR_SET_TIMERSLACK, 1);
    ::setpriority(PRIO_PROCESS, thread_, kNice);  // of this thread alone, on Linux
  }
  ~PreciseTimers() {
    if (slack_ > 0) ::prctl(PR_SET_TIMERSLACK, slack_);
    ::setpriority(PRIO_PROCESS, thread_, nice_);
  }
  PreciseTimers(const PreciseTimers&) = delete;
  PreciseTimers& operator=(const PreciseTimers&) = delete;

 private:
  static constexpr int kNice = -10;
  id_t thread_;
  int slack_, nice_;
};

}  // namespace gnomon::methods::udpst
