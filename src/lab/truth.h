#pragma once

// What the emulator itself counted, per link and direction: the truth that a measurement can be held against.
// Plain values.

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/sketch.h"
#include "lab/link_settings.h"

namespace gnomon::lab {

// received = forwarded + all dropped_… + what is under way. Bytes are of Ethernet frames without check sequence.
struct DirectionTruth {
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t forwarded = 0;  // Each frame once; its duplicate counts in `duplicated` alone.
  std::uint64_t forwarded_bytes = 0;
  std::uint64_t dropped_loss = 0;
  std::uint64_t dropped_queue = 0;
  std::uint64_t dropped_down = 0;
  std::uint64_t dropped_mtu = 0;
  std::uint64_t dropped_police = 0;
  std::uint64_t dropped_overload = 0;  // The emulator ran out of buffers: its fault, not the link's.
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;  // RFC 4737 §3: left after a frame of the same flow that had arrived later.
  // From the kernel's receive timestamp to the return of the send call, of forwarded frames.
  DelaySketch given;
  Nanoseconds given_max{0};
  Nanoseconds given_sum{0};
};

struct LinkTruth {
  std::string link;
  std::string a;
  std::string b;
  bool up = true;
  DirectionSettings forward_settings;
  DirectionSettings backward_settings;
  DirectionTruth forward;
  DirectionTruth backward;
};

struct Truth {
  Nanoseconds since_reset{0};
  // Frames that the kernel dropped before the emulator saw them, since the lab started (PACKET_STATISTICS). Above zero,
  // the counts of the links are no longer the whole truth.
  std::uint64_t unseen = 0;
  std::vector<LinkTruth> links;
};

}  // namespace gnomon::lab
