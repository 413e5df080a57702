#include "methods/udpst/sub_interval.h"

#include <algorithm>
#include <limits>
#include <span>

#include "methods/udpst/rate_table.h"

namespace gnomon::methods::udpst {
namespace {

std::uint64_t ip_bytes(std::uint64_t datagrams, std::uint64_t payload_bytes, Family family) {
  return payload_bytes + datagrams * (kIpv4Overhead + (family == Family::kIpv6 ? kIpv6Addition : 0));
}

LossRatio loss_ratio(std::uint64_t lost, std::uint64_t datagrams, std::uint64_t duplicated) {
  const auto sent = lost + datagrams - std::min(duplicated, datagrams);
  return LossRatio{sent == 0 ? 0.0 : static_cast<double>(lost) / static_cast<double>(sent)};
}

Nanoseconds usual_length(std::span<const SubInterval> sub_intervals) {
  if (sub_intervals.empty()) return {};
  std::vector<Nanoseconds> lengths;
  for (const SubInterval& one : sub_intervals) lengths.push_back(one.length);
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2);
  std::ranges::nth_element(lengths, middle);
  return *middle;
}

bool ended_late(const SubInterval& one, Nanoseconds usual) {
  return one.length > usual + usual / 100;
}

BitRate mean_rate(std::span<const SubInterval> sub_intervals) {
  double bits = 0;
  Nanoseconds length{};
  for (const SubInterval& one : sub_intervals) {
    bits += 8 * static_cast<double>(one.ip_bytes.value);
    length += one.length;
  }
  if (length <= Nanoseconds{}) return {};
  return to_bit_rate(bits * 1e9 / static_cast<double>(length.count()));
}

}  // namespace

BitRate ip_rate(std::uint64_t datagrams, std::uint64_t payload_bytes, Nanoseconds length, Family family) {
  if (length <= Nanoseconds{}) return {};
  const auto bits = 8.0 * static_cast<double>(ip_bytes(datagrams, payload_bytes, family));
  return to_bit_rate(bits * 1e9 / static_cast<double>(length.count()));
}

SubInterval to_sub_interval(const LoadCounts& counts, Nanoseconds length, Nanoseconds end, Family family) {
  SubInterval out;
  out.end = end;
  out.length = length;
  out.datagrams = counts.datagrams;
  out.ip_bytes = ByteCount{ip_bytes(counts.datagrams, counts.bytes, family)};
  out.ip_rate = ip_rate(counts.datagrams, counts.bytes, length, family);
  out.lost = counts.lost;
  out.reordered = counts.reordered;
  out.duplicated = counts.duplicated;
  out.loss_ratio = loss_ratio(counts.lost, counts.datagrams, counts.duplicated);
  if (counts.delay_count > 0) {
    const auto mean = counts.delay_sum / static_cast<std::int64_t>(counts.delay_count);
    out.one_way_delay_variation = DelayRange{counts.delay_min, mean, counts.delay_max};
  }
  if (counts.rtt_count > 0) out.rtt_variation = RttRange{counts.rtt_min, counts.rtt_max};
  return out;
}

SubInterval to_sub_interval(const SubIntervalStatistics& statistics, Family family) {
  using std::chrono::milliseconds;
  LoadCounts counts;
  counts.datagrams = statistics.datagrams;
  counts.bytes = statistics.bytes;
  counts.lost = statistics.lost;
  counts.reordered = statistics.reordered;
  counts.duplicated = statistics.duplicated;
  if (statistics.delay_min != kNoDelay && statistics.delay_count > 0) {
    counts.delay_count = statistics.delay_count;
    counts.delay_min = milliseconds(statistics.delay_min);
    counts.delay_max = milliseconds(statistics.delay_max);
    counts.delay_sum = milliseconds(statistics.delay_sum);
  }
  if (statistics.rtt_min != kNoDelay) {
    counts.rtt_count = 1;
    counts.rtt_min = milliseconds(statistics.rtt_min);
    counts.rtt_max = milliseconds(statistics.rtt_max);
  }
  return to_sub_interval(counts, std::chrono::microseconds(statistics.length_us),
                         milliseconds(statistics.accumulated_ms), family);
}

std::uint32_t pdu_milliseconds(Nanoseconds time, std::uint64_t count) {
  if (count == 0) return kNoDelay;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(to_milliseconds(time), 0, kNoDelay - 1));
}

std::uint32_t pdu_count(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

SubIntervalStatistics to_statistics(const LoadCounts& counts, Nanoseconds length, Nanoseconds end) {
  SubIntervalStatistics out;
  out.datagrams = pdu_count(counts.datagrams);
  out.bytes = counts.bytes;
  out.length_us = pdu_count(static_cast<std::uint64_t>(length / std::chrono::microseconds(1)));
  out.lost = pdu_count(counts.lost);
  out.reordered = pdu_count(counts.reordered);
  out.duplicated = pdu_count(counts.duplicated);
  out.delay_min = pdu_milliseconds(counts.delay_min, counts.delay_count);
  out.delay_max = counts.delay_count == 0 ? 0 : pdu_milliseconds(counts.delay_max, 1);
  out.delay_sum = pdu_milliseconds(counts.delay_sum, 1);
  out.delay_count = pdu_count(counts.delay_count);
  out.rtt_min = pdu_milliseconds(counts.rtt_min, counts.rtt_count);
  out.rtt_max = counts.rtt_count == 0 ? 0 : pdu_milliseconds(counts.rtt_max, 1);
  out.accumulated_ms = pdu_milliseconds(end, 1);
  return out;
}

std::optional<Maximum> maximum_of(const std::vector<SubInterval>& sub_intervals) {
  const std::span<const SubInterval> all(sub_intervals);
  const Nanoseconds usual = usual_length(all);
  std::optional<Maximum> best;
  for (std::size_t first = 0, end = 0; first < all.size(); first = end) {
    for (end = first + 1; end < all.size() && ended_late(all[end - 1], usual);) ++end;
    const auto together = all.subspan(first, end - first);
    const BitRate rate = mean_rate(together);
    if (best && rate <= best->rate) continue;
    const auto fastest = std::ranges::max_element(together, {}, &SubInterval::ip_rate);
    best = Maximum{first + static_cast<std::size_t>(fastest - together.begin()), rate};
  }
  return best;
}

std::optional<BitRate> sustained_of(const std::vector<SubInterval>& sub_intervals) {
  constexpr std::size_t kInARow = 3;
  std::optional<BitRate> best;
  for (std::size_t first = 0; first + kInARow <= sub_intervals.size(); ++first) {
    const BitRate rate = mean_rate(std::span(sub_intervals).subspan(first, kInARow));
    if (!best || rate > *best) best = rate;
  }
  return best;
}

}  // namespace gnomon::methods::udpst
