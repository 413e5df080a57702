#pragma once

// Kernel settings of the lab's namespaces. Both work in the calling thread's network namespace.

#include "core/error.h"

namespace gnomon::lab {

// A site forwards, takes any source address, spreads flows over equal-cost paths by ports, never sends detection or
// advertisement packets of its own, and answers ICMP without a rate limit (a limit would look like loss).
Status prepare_site_sysctls();
// The site forgets the path MTUs that it learnt over IPv4 from routers ("fragmentation needed").
Status forget_path_mtus();
// The emulator's end of a link has no network stack above it.
Status prepare_emulator_sysctls();

}  // namespace gnomon::lab
