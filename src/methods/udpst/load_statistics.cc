#include "methods/udpst/load_statistics.h"

#include <algorithm>
#include <utility>

namespace gnomon::methods::udpst {
namespace {

// Of both intervals at once.
template <typename Change>
void both(LoadCounts& trial, LoadCounts& sub_interval, const Change& change) {
  change(trial);
  change(sub_interval);
}

}  // namespace

void LoadCounts::add_delay(Nanoseconds variation) {
  ++delay_count;
  delay_sum += variation;
  delay_min = std::min(delay_min, variation);
  delay_max = std::max(delay_max, variation);
}

void LoadCounts::add_rtt(Nanoseconds variation) {
  ++rtt_count;
  rtt_last = variation;
  rtt_min = std::min(rtt_min, variation);
  rtt_max = std::max(rtt_max, variation);
}

bool LoadStatistics::note_order(std::uint32_t sequence) {
  if (sequence > highest_) {
    const auto ahead = sequence - highest_;
    // The first datagram begins the count, whatever its number: those before it were lost all the same.
    both(trial_, sub_interval_, [&](LoadCounts& counts) { counts.lost += ahead - 1; });
    if (ahead >= kWindow) {
      seen_.reset();
    } else {
      for (std::uint32_t i = 1; i <= ahead; ++i) seen_.reset((highest_ + i) % kWindow);
    }
    highest_ = sequence;
    seen_.set(sequence % kWindow);
    return true;
  }
  const bool in_window = highest_ - sequence < kWindow;
  if (in_window && seen_.test(sequence % kWindow)) {
    both(trial_, sub_interval_, [](LoadCounts& counts) { ++counts.duplicated; });
    return false;
  }
  if (in_window) seen_.set(sequence % kWindow);
  both(trial_, sub_interval_, [](LoadCounts& counts) {
    ++counts.reordered;
    if (counts.lost > 0) --counts.lost;
  });
  return false;
}

void LoadStatistics::note_round_trip(const LoadPdu& pdu, MonotonicTime received) {
  if (pdu.status_time == last_status_time_) return;
  last_status_time_ = pdu.status_time;
  const auto residence = std::chrono::milliseconds(pdu.response_delay_ms);
  // The residence is rounded to whole milliseconds by the other end, and may be a little more than the whole.
  const auto rtt = std::max(Nanoseconds{}, clock_.since(pdu.status_time, received) - residence);
  if (!rtt_minimum_ || rtt < *rtt_minimum_) {
    rtt_minimum_ = rtt;
    minimum_updated_ = true;
  }
  both(trial_, sub_interval_, [&](LoadCounts& counts) { counts.add_rtt(rtt - *rtt_minimum_); });
}

void LoadStatistics::note_one_way(const LoadPdu& pdu, MonotonicTime received) {
  const auto delta = clock_.since(pdu.time, received);
  if (!clock_delta_minimum_ || delta < *clock_delta_minimum_) {
    const bool is_first = !clock_delta_minimum_;
    clock_delta_minimum_ = delta;
    minimum_updated_ = true;
    if (is_first) return;
  }
  both(trial_, sub_interval_, [&](LoadCounts& counts) { counts.add_delay(delta - *clock_delta_minimum_); });
}

void LoadStatistics::on_load(const LoadPdu& pdu, std::uint32_t size, MonotonicTime received) {
  both(trial_, sub_interval_, [&](LoadCounts& counts) {
    ++counts.datagrams;
    counts.bytes += size;
  });
  if (!note_order(pdu.sequence)) return;
  note_round_trip(pdu, received);
  note_one_way(pdu, received);
}

LoadCounts LoadStatistics::take_trial() {
  return std::exchange(trial_, {});
}
LoadCounts LoadStatistics::take_sub_interval() {
  return std::exchange(sub_interval_, {});
}
bool LoadStatistics::take_minimum_updated() {
  return std::exchange(minimum_updated_, false);
}

}  // namespace gnomon::methods::udpst
