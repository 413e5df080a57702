#include "lab/frame_pool.h"

#include <sys/mman.h>

#include <cerrno>
#include <utility>

namespace gnomon::lab {

Result<FramePool> FramePool::create(std::uint32_t slots) {
  FramePool pool;
  pool.mapped_ = slots * kSlotStride;
  void* mapping =
      ::mmap(nullptr, pool.mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return errno_failure(errno, "map frame buffers", "");
  pool.mapping_ = static_cast<std::byte*>(mapping);
  pool.slots_.resize(slots);
  pool.free_.reserve(slots);
  for (std::uint32_t slot = slots; slot > 0; --slot) pool.free_.push_back(slot - 1);
  return pool;
}

FramePool::FramePool(FramePool&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mapped_(other.mapped_),
      slots_(std::move(other.slots_)),
      free_(std::move(other.free_)) {}

FramePool::~FramePool() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapped_);
}

std::optional<std::uint32_t> FramePool::take() {
  if (free_.empty()) return std::nullopt;
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void FramePool::give_back(std::uint32_t slot) {
  ++slots_[slot].ticket;
  free_.push_back(slot);
}

}  // namespace gnomon::lab
