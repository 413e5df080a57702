#pragma once

// What the emulator looks at in a frame: its family, its flow, and whether a point-to-point link has any use for it.
// Pure functions over bytes from outside: bounded, allocate nothing, never read past the span.

#include <cstddef>
#include <cstdint>
#include <span>

#include "lab/link_queue.h"

namespace gnomon::lab {

Frame::Kind frame_kind(std::span<const std::byte> frame) noexcept;

// Equal for frames of one flow: addresses, protocol, and ports (TCP, UDP) or identifier (echo). 0 for other frames.
std::uint64_t frame_flow(std::span<const std::byte> frame) noexcept;

// A report of multicast listeners (MLDv2, to 33:33:00:00:00:16; RFC 3810 §5.2.14). The kernel of every site sends a few
// at start; no router on a lab link listens, so they are neither carried nor counted.
bool is_listener_report(std::span<const std::byte> frame) noexcept;

}  // namespace gnomon::lab
