#pragma once

// The memory that the lab and its emulator process share: settings one way, counts the other, without a system call.
//
// The lab writes `wanted` under `sequence` (a sequence lock: odd while it writes), raises `generation` and rings the
// emulator's event descriptor; the emulator copies them and answers by setting `applied`. Counters have one writer, the
// emulator, and any number of readers: relaxed atomics. Lives in an anonymous shared mapping made before the fork.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "core/error.h"
#include "lab/link_settings.h"
#include "lab/truth.h"

namespace gnomon::lab {

// Delays of up to 120 s fall into the buckets of DelaySketch below this number.
inline constexpr std::size_t kGivenBuckets = 2600;

using Counter = std::atomic<std::uint64_t>;

struct alignas(64) DirectionMemory {
  DirectionSettings wanted;  // Guarded by the sequence lock of EmulatorHeader.
  bool wanted_down = false;

  Counter received{0}, received_bytes{0}, forwarded{0}, forwarded_bytes{0};
  Counter dropped_loss{0}, dropped_queue{0}, dropped_down{0}, dropped_mtu{0}, dropped_police{0}, dropped_overload{0};
  Counter duplicated{0}, reordered{0};
  std::atomic<std::int64_t> given_max{0}, given_sum{0};
  std::array<std::atomic<std::uint32_t>, kGivenBuckets> given{};

  // By the emulator alone.
  void count_given(Nanoseconds delay);
  void reset();
  // By anyone; each counter is exact, though not all of the same instant.
  [[nodiscard]] DirectionTruth read() const;
};

inline void add(Counter& counter, std::uint64_t n = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

struct EmulatorHeader {
  std::atomic<std::uint32_t> sequence{0};
  std::atomic<std::uint32_t> generation{0};  // Raised by the lab when something is to be applied.
  std::atomic<std::uint32_t> applied{0};     // The emulator's answer.
  std::atomic<bool> reset{false};            // With the next generation, counts start at zero.
  std::atomic<bool> ready{false};
  std::atomic<bool> real_time{false};  // SCHED_FIFO was allowed.
  Counter unseen{0};
};

// Owns the mapping. Directions: link i has forward 2i and backward 2i + 1.
class EmulatorMemory {
 public:
  static Result<EmulatorMemory> create(std::size_t directions);
  EmulatorMemory(EmulatorMemory&& other) noexcept;
  EmulatorMemory& operator=(EmulatorMemory&&) = delete;
  ~EmulatorMemory();

  [[nodiscard]] EmulatorHeader& header() const { return *header_; }
  [[nodiscard]] std::span<DirectionMemory> directions() const { return directions_; }

 private:
  EmulatorMemory() = default;
  void* mapping_ = nullptr;
  std::size_t bytes_ = 0;
  EmulatorHeader* header_ = nullptr;
  std::span<DirectionMemory> directions_;
};

}  // namespace gnomon::lab
