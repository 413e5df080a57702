#pragma once

// Measures the emulator with packets of its own, in a lab of two sites: how exact its delays are when the machine is
// idle, and how many packets a second it carries on one CPU. Judged by kernel timestamps at the sites, not by its own
// count. Takes a few seconds; any thread.

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::lab {

struct BenchOptions {
  Nanoseconds delay = std::chrono::milliseconds(10);  // Asked of the link.
  std::uint32_t probes = 1000;                        // For the delay's error, one each `interval`.
  Nanoseconds interval = std::chrono::milliseconds(5);
  Nanoseconds flood = std::chrono::seconds(2);  // Each flood at a rate.
};

struct BenchResult {
  bool real_time = false;
  // Kernel receive time at b - kernel transmit time at a - the delay asked for.
  std::uint64_t probes_received = 0;
  Nanoseconds error_p50{0}, error_p99{0}, error_min{0}, error_max{0};
  // The highest offered rate of 64-byte UDP payloads that lost less than one packet in a thousand.
  double packets_per_second = 0;
  double loss_ratio = 0;
  double cpu_share = 0;         // Of one CPU, used by the emulator at that rate.
  bool sender_limited = false;  // The bench could not send faster; the emulator may do more.
};

Result<BenchResult> run_bench(const BenchOptions& options, const Clock& clock);
std::string bench_json(const BenchResult& result);

}  // namespace gnomon::lab
