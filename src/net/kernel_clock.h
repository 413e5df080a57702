#pragma once

// What the kernel says of its wall clock's quality (ntp_adjtime(3)). Any thread.

#include "core/clock.h"

namespace gnomon::net {

struct ClockQuality {
  bool synchronised = false;  // somebody disciplines the clock (STA_UNSYNC is clear)
  Nanoseconds bound{};        // "maxerror": the clock is within this of UTC, if synchronised
};

ClockQuality kernel_clock_quality();

}  // namespace gnomon::net
