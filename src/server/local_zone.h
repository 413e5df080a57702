#pragma once

// The zone of this machine, for times inside sentences: most readers of an observatory sit where it runs.

#include "analysis/figure_text.h"
#include "core/clock.h"

namespace gnomon::server {

// What TZ or /etc/localtime say for that moment.
analysis::Zone local_zone(WallTime at);

}  // namespace gnomon::server
