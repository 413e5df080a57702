#include "net/kernel_clock.h"

#include <sys/timex.h>

namespace gnomon::net {

ClockQuality kernel_clock_quality() {
  timex state{};
  const int verdict = ::ntp_adjtime(&state);
  const bool synchronised = verdict >= 0 && verdict != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return {synchronised, std::chrono::microseconds(state.maxerror)};
}

}  // namespace gnomon::net
