#pragma once

// Offloads of a veth interface off, so that every frame that the emulator sees is complete: its checksum filled in, no
// longer than the MTU. Works in the calling thread's network namespace (ethtool's ioctl).

#include <string>

#include "core/error.h"

namespace gnomon::lab {

Status turn_offloads_off(const std::string& interface);

}  // namespace gnomon::lab
