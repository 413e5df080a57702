#pragma once

// What `gnomon ping` has seen so far, packet by packet, for its live view. Not thread-safe.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/sketch.h"
#include "methods/method.h"

namespace gnomon::cli {

class PingStatistics {
 public:
  explicit PingStatistics(MonotonicTime start) : start_(start) {}

  void add(const methods::PacketReport& report, MonotonicTime now);

  struct Second {
    std::optional<Nanoseconds> median;
    bool loss = false;
  };
  // One a second, the oldest first, at most `count`, the running one last.
  [[nodiscard]] std::vector<Second> last_seconds(std::size_t count, MonotonicTime now) const;
  // Counts of answered packets in `bins` equal parts of [rtt_min, rtt_max].
  [[nodiscard]] std::vector<std::uint64_t> histogram(std::size_t bins) const;

  std::uint64_t answered = 0, lost = 0, reordered = 0, duplicated = 0, late = 0, stray = 0, unreachable = 0,
                not_sent = 0;
  DelaySketch rtt, forward, backward, ipdv;
  Nanoseconds rtt_min{}, rtt_max{}, forward_min{}, backward_min{};
  Nanoseconds error_bound{};
  std::optional<Nanoseconds> clock_bound;
  schema::TimestampSource source = schema::TimestampSource::kUnknown;
  std::string last_problem;  // "host unreachable, says 192.0.2.1"

 private:
  void add_answer(const methods::PacketReport& report, MonotonicTime now);
  struct Slot {
    std::int64_t second = -1;
    DelaySketch rtt;
    bool loss = false;
  };
  Slot& slot_at(MonotonicTime now);

  MonotonicTime start_;
  std::array<Slot, 61> slots_;
  std::optional<std::uint32_t> newest_;
  std::optional<std::uint32_t> previous_;  // the answered packet before, for ipdv
  Nanoseconds previous_rtt_{};
};

}  // namespace gnomon::cli
