#pragma once

// A socket filter that lets a raw ICMP socket see only what is about its own echo requests. Without it every raw socket
// of the host would be woken by every answer to every other one.

#include <cstdint>

#include "core/error.h"
#include "core/units.h"

namespace gnomon::methods::echo {

// Passes echo replies with this identifier, and errors that quote an echo request with it. May be changed; any thread.
Status attach_icmp_filter(int fd, Family family, std::uint16_t identifier);

}  // namespace gnomon::methods::echo
