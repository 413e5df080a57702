#pragma once

// What a transfer's samples say of its two ends and of the delay between them. A sample may lack the other end's
// figures (the very last one of ndt7 does): the newest that knows a figure counts. Pure functions, thread-safe.

#include <optional>

#include "core/clock.h"
#include "schema/transfer.h"

namespace gnomon::analysis {

struct TransferEnds {
  std::optional<double> client_cpu, server_cpu;  // as seconds_per_gb()
  std::optional<double> retransmission_ratio;    // segments sent again of all sent, 0 to 1
  std::optional<Nanoseconds> rtt;                // as the sender's kernel smooths it (RFC 6298)
};
TransferEnds transfer_ends(const schema::Transfer& transfer);

// Processor seconds for each 10^9 bytes that were received; nothing when either is not known.
std::optional<double> seconds_per_gb(const std::optional<schema::CpuUse>& cpu, std::uint64_t bytes);

// Round trips of the samples from `ramp_end` on: while the transfer filled the line.
struct LoadedDelay {
  std::optional<Nanoseconds> p50, p95;
};
LoadedDelay loaded_delay(const schema::Transfer& transfer, Nanoseconds ramp_end);

}  // namespace gnomon::analysis
