#include "methods/udpst/rate_table.h"

#include <algorithm>

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint32_t kInterval1 = 100, kInterval2 = 1000, kIdleInterval = 50'000;  // µs
constexpr std::uint32_t kDefaultPayload = 1250 - kIpv4Overhead;
constexpr std::uint32_t kTraditionalPayload = 1500 - kIpv4Overhead;
constexpr std::size_t kLastLowRow = 1000;

std::uint32_t size_of(std::uint32_t payload) {
  return payload & ~SendingRate::kRandomSize;
}

// Bits per second of one transmitter's datagrams.
double rate_of(std::uint32_t interval_us, std::uint32_t payload, std::uint32_t count) {
  if (interval_us == 0 || payload == 0) return 0;
  double size = size_of(payload);
  if ((payload & SendingRate::kRandomSize) != 0) size = (kLeastPayload + size) / 2;
  return (size + kIpv4Overhead) * 8 * count * 1e6 / interval_us;
}

}  // namespace

RateTable::RateTable(DatagramProfile profile) {
  rows_.reserve(kRows);
  add_low_rates(profile.traditional_mtu ? kTraditionalPayload : kDefaultPayload, profile.traditional_mtu);
  high_speed_index_ = rows_.size() - 1;
  add_high_rates(profile);
  add_rates_beyond();
}

// One row a Mbit/s: k datagrams every 100 µs, i every 1 ms, and an add-on of j times 125 bytes as an IP packet.
void RateTable::add_low_rates(std::uint32_t payload, bool traditional) {
  const std::uint32_t steps = traditional ? 12 : 10;
  for (std::uint32_t k = 0;; ++k) {
    for (std::uint32_t i = 0; i < 10; ++i) {
      for (std::uint32_t j = 0; j < steps; ++j) {
        SendingRate row;
        if (k > 0) row = {kInterval1, payload, k, 0, 0, 0, 0};
        if (i > 0 || j > 0) row.interval2_us = kInterval2;
        if (i > 0) row.payload2 = payload, row.burst2 = i;
        if (j > 0) row.addon2 = j * 1000 / 8 - kIpv4Overhead;
        if (k + i + j == 0) row.interval2_us = kIdleInterval, row.addon2 = payload | SendingRate::kRandomSize;
        rows_.push_back(row);
        if (rows_.size() > kLastLowRow) return;
      }
    }
  }
}

void RateTable::add_high_rates(DatagramProfile profile) {
  std::uint32_t payload = profile.traditional_mtu ? kTraditionalPayload : kDefaultPayload;
  std::uint32_t burst = profile.traditional_mtu ? 9 : 11;
  if (profile.jumbo) {
    for (std::uint32_t packet = 1250 + 125; packet <= 9000; packet += 125) {
      rows_.push_back({kInterval1, packet - kIpv4Overhead, 10, 0, 0, 0, 0});
    }
    payload = kLargestPayload;
    burst = 11;
  }
  for (; rows_.size() < kStandardRows; ++burst) {
    rows_.push_back({kInterval1, payload, std::min(burst, kMostBurst), 0, 0, 0, 0});
  }
}

void RateTable::add_rates_beyond() {
  SendingRate row = rows_.back();
  row.interval2_us = kInterval1;
  row.payload2 = row.payload1;
  while (rows_.size() < kRows) {
    row.burst2 += kMostBurst / (kRows - kStandardRows);
    rows_.push_back(row);
  }
}

std::size_t RateTable::highest_below(BitRate rate) const {
  std::size_t index = rows_.size() - 1;
  while (index > 0 && ip_rate(rows_[index]) > rate) --index;
  return index;
}

BitRate ip_rate(const SendingRate& rate) {
  const double bits = rate_of(rate.interval1_us, rate.payload1, rate.burst1) +
                      rate_of(rate.interval2_us, rate.payload2, rate.burst2) +
                      rate_of(rate.interval2_us, rate.addon2, 1);
  return to_bit_rate(bits + 0.5);
}

BitRate to_bit_rate(double bits_per_second) {
  constexpr double kMost = 1e19;  // below 2^64
  return BitRate{static_cast<std::uint64_t>(std::clamp(bits_per_second, 0.0, kMost))};
}

bool is_sane(const SendingRate& rate) {
  const auto interval_fits = [](std::uint32_t interval_us) {
    return interval_us == 0 || (interval_us >= kInterval1 && interval_us <= 1'000'000);
  };
  const auto payload_fits = [](std::uint32_t payload, bool is_used) {
    return !is_used || (size_of(payload) >= kLeastPayload && size_of(payload) <= kLargestPayload);
  };
  return interval_fits(rate.interval1_us) && interval_fits(rate.interval2_us) && rate.burst1 <= kMostBurst &&
         rate.burst2 <= kMostBurst && payload_fits(rate.payload1, rate.burst1 > 0) &&
         payload_fits(rate.payload2, rate.burst2 > 0) && payload_fits(rate.addon2, rate.addon2 != 0);
}

}  // namespace gnomon::methods::udpst
