#include "lab/emulator_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace gnomon::lab {

namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
}

void DirectionMemory::count_given(Nanoseconds delay) {
  const auto number = std::clamp<int>(DelaySketch::bucket_of(delay), 0, static_cast<int>(kGivenBuckets) - 1);
  auto& bucket = given[static_cast<std::size_t>(number)];
  bucket.store(bucket.load(kRelaxed) + 1, kRelaxed);
  given_sum.store(given_sum.load(kRelaxed) + delay.count(), kRelaxed);
  if (delay.count() > given_max.load(kRelaxed)) given_max.store(delay.count(), kRelaxed);
}

void DirectionMemory::reset() {
  for (Counter* counter : {&received, &received_bytes, &forwarded, &forwarded_bytes, &dropped_loss, &dropped_queue,
                           &dropped_down, &dropped_mtu, &dropped_police, &dropped_overload, &duplicated, &reordered}) {
    counter->store(0, kRelaxed);
  }
  given_max.store(0, kRelaxed);
  given_sum.store(0, kRelaxed);
  for (auto& bucket : given) bucket.store(0, kRelaxed);
}

DirectionTruth DirectionMemory::read() const {
  DirectionTruth truth;
  truth.received = received.load(kRelaxed);
  truth.received_bytes = received_bytes.load(kRelaxed);
  truth.forwarded = forwarded.load(kRelaxed);
  truth.forwarded_bytes = forwarded_bytes.load(kRelaxed);
  truth.dropped_loss = dropped_loss.load(kRelaxed);
  truth.dropped_queue = dropped_queue.load(kRelaxed);
  truth.dropped_down = dropped_down.load(kRelaxed);
  truth.dropped_mtu = dropped_mtu.load(kRelaxed);
  truth.dropped_police = dropped_police.load(kRelaxed);
  truth.dropped_overload = dropped_overload.load(kRelaxed);
  truth.duplicated = duplicated.load(kRelaxed);
  truth.reordered = reordered.load(kRelaxed);
  truth.given_max = Nanoseconds{given_max.load(kRelaxed)};
  truth.given_sum = Nanoseconds{given_sum.load(kRelaxed)};
  for (std::size_t i = 0; i < kGivenBuckets; ++i) {
    if (const auto count = given[i].load(kRelaxed)) truth.given.add_bucket(static_cast<std::int16_t>(i), count);
  }
  return truth;
}

Result<EmulatorMemory> EmulatorMemory::create(std::size_t directions) {
  EmulatorMemory memory;
  constexpr std::size_t kHeader =
      (sizeof(EmulatorHeader) + alignof(DirectionMemory) - 1) & ~(alignof(DirectionMemory) - 1);
  memory.bytes_ = kHeader + directions * sizeof(DirectionMemory);
  void* mapping = ::mmap(nullptr, memory.bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return errno_failure(errno, "map the emulator's memory", "");
  memory.mapping_ = mapping;
  memory.header_ = new (mapping) EmulatorHeader;
  auto* first = reinterpret_cast<DirectionMemory*>(static_cast<std::byte*>(mapping) + kHeader);
  for (std::size_t i = 0; i < directions; ++i) new (first + i) DirectionMemory;
  memory.directions_ = {first, directions};
  return memory;
}

EmulatorMemory::EmulatorMemory(EmulatorMemory&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      bytes_(other.bytes_),
      header_(other.header_),
      directions_(other.directions_) {}

EmulatorMemory::~EmulatorMemory() {
  if (mapping_ != nullptr) ::munmap(mapping_, bytes_);  // All inside is trivially destructible.
}

}  // namespace gnomon::lab
