#include "methods/udpst/load_pacer.h"

#include <algorithm>

#include "methods/udpst/rate_table.h"

namespace gnomon::methods::udpst {
namespace {

constexpr Nanoseconds kMostLate = std::chrono::milliseconds(5);

}  // namespace

void LoadPacer::set(Transmitter& transmitter, const Transmitter& wanted, MonotonicTime now) {
  auto due = transmitter.due;
  transmitter = wanted;
  if (wanted.interval == Nanoseconds{}) return;
  const auto latest = now + wanted.interval;
  transmitter.due = due ? std::min(*due, latest) : latest;
}

void LoadPacer::set_rate(const SendingRate& rate, MonotonicTime now) {
  set(first_, {std::chrono::microseconds(rate.interval1_us), rate.payload1, rate.burst1, 0, {}}, now);
  set(second_, {std::chrono::microseconds(rate.interval2_us), rate.payload2, rate.burst2, rate.addon2, {}}, now);
}

std::uint32_t LoadPacer::size(std::uint32_t payload) {
  const bool is_random = (payload & SendingRate::kRandomSize) != 0;
  auto bytes = payload & ~SendingRate::kRandomSize;
  auto least = kLeastPayload;
  if (family_ == Family::kIpv6) {
    if (bytes >= kLeastPayload) bytes -= kIpv6Addition;
    least -= kIpv6Addition;
  }
  if (!is_random || bytes <= least) return bytes;
  return least + static_cast<std::uint32_t>(random_.next() % (bytes - least + 1));
}

std::optional<Burst> LoadPacer::due(MonotonicTime now) {
  for (auto* transmitter : {&first_, &second_}) {
    if (!transmitter->due || *transmitter->due > now) continue;
    const std::uint32_t each = transmitter->burst + (transmitter->addon > 0 ? 1 : 0);
    if (const auto late = now - *transmitter->due; late > kMostLate) {
      const auto skipped = (late - kMostLate + transmitter->interval - Nanoseconds(1)) / transmitter->interval;
      skipped_ += static_cast<std::uint64_t>(skipped) * each;
      *transmitter->due = *transmitter->due + transmitter->interval * skipped;
      if (*transmitter->due > now) continue;
    }
    *transmitter->due = *transmitter->due + transmitter->interval;
    if (each == 0) continue;
    Burst burst;
    burst.count = transmitter->burst;
    if (burst.count > 0) burst.payload = size(transmitter->payload);
    if (transmitter->addon > 0) burst.addon = size(transmitter->addon);
    return burst;
  }
  return std::nullopt;
}

std::optional<MonotonicTime> LoadPacer::next_due() const {
  if (first_.due && second_.due) return std::min(*first_.due, *second_.due);
  return first_.due ? first_.due : second_.due;
}

}  // namespace gnomon::methods::udpst
