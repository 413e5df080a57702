#pragma once

// Buffers for frames under way: a fixed number of slots in one mapping, of which only those that were ever used take
// memory. One thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.h"
#include "lab/link_queue.h"

namespace gnomon::lab {

// The largest frame, and a stride that is no multiple of a page, so that slots spread over the cache's sets.
inline constexpr std::size_t kFrameCapacity = kLargestMtu + kEthernetHeader;
inline constexpr std::size_t kSlotStride = 9280;
static_assert(kSlotStride >= kFrameCapacity && kSlotStride % 64 == 0);

struct FrameSlot {
  std::uint32_t bytes = 0;
  std::uint32_t direction = 0;
  std::uint32_t ticket = 0;  // Raised at each release, so that an old reference is known as such.
  bool duplicate = false;
  bool held = false;
  bool overtaken = false;     // A frame of its flow that arrived later leaves before it (RFC 4737 §3).
  std::uint64_t arrival = 0;  // Rises from frame to frame.
  MonotonicTime received;
};

class FramePool {
 public:
  static Result<FramePool> create(std::uint32_t slots);
  FramePool(FramePool&& other) noexcept;
  FramePool& operator=(FramePool&&) = delete;
  ~FramePool();

  // Nothing when all are in use.
  [[nodiscard]] std::optional<std::uint32_t> take();
  void give_back(std::uint32_t slot);
  [[nodiscard]] FrameSlot& at(std::uint32_t slot) { return slots_[slot]; }
  // kFrameCapacity bytes.
  [[nodiscard]] std::byte* bytes(std::uint32_t slot) { return mapping_ + slot * kSlotStride; }

 private:
  FramePool() = default;
  std::byte* mapping_ = nullptr;
  std::size_t mapped_ = 0;
  std::vector<FrameSlot> slots_;
  std::vector<std::uint32_t> free_;  // Last in, first out: warm in the cache.
};

}  // namespace gnomon::lab
