#include "bench/window_entropy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace gnomon::bench {

void WindowEntropy::Residuals::add(std::int64_t value) {
  const auto size = static_cast<std::uint64_t>(value >= 0 ? 2 * value : -2 * value - 1);  // zigzag
  // Small values are classes of their own.
  const int length = static_cast<int>(std::bit_width(size));
  const int of_class = size < 16 ? static_cast<int>(size) : 11 + length;
  ++classes[static_cast<std::size_t>(std::min(of_class, 64))];
  if (size >= 16) raw_bits += length - 1;
}

double WindowEntropy::Residuals::bits() const {
  double total = 0, bits = raw_bits;
  for (const std::uint64_t n : classes) total += static_cast<double>(n);
  for (const std::uint64_t n : classes) {
    if (n > 0) bits -= static_cast<double>(n) * std::log2(static_cast<double>(n) / total);
  }
  return bits;
}

void WindowEntropy::add_sketch(const std::string& column, const DelaySketch& sketch) {
  struct Packet {
    int magnitude;
    bool negative;
  };
  std::vector<Packet> packets;
  for (const auto& bucket : sketch.buckets()) {
    packets.insert(packets.end(), bucket.count, {std::abs(bucket.number), bucket.number < 0});
  }
  std::ranges::sort(packets, {}, &Packet::magnitude);
  const bool has_signs = !packets.empty() && sketch.buckets().front().number < 0;
  Residuals& steps = columns_[column];
  if (has_signs) columns_[column + " signs"].raw_bits += static_cast<double>(packets.size());
  // The first bucket is that of the minimum, which is a column of its own; ipdv has none.
  if (has_signs) columns_[column + " first"].add(packets.front().magnitude);
  for (std::size_t i = 1; i < packets.size(); ++i) steps.add(packets[i].magnitude - packets[i - 1].magnitude);
}

void WindowEntropy::add(PathId path, const schema::DelayWindow& w) {
  ++windows_;
  const auto at = [](std::optional<Nanoseconds> v) { return v ? v->count() : 0; };
  const auto start_ms = std::chrono::floor<std::chrono::milliseconds>(w.start.since_epoch).count();
  const auto [found, is_first] = before_.try_emplace(path);
  Before& before = found->second;
  if (is_first) before = {start_ms - 10'000, at(w.rtt_min), at(w.forward_min), at(w.backward_min)};
  columns_["start_ms"].add(start_ms - before.start_ms - 10'000);
  columns_["duration_ms"].add(w.duration / std::chrono::milliseconds(1) - 10'000);
  columns_["outcome"].add(static_cast<int>(w.outcome));
  columns_["marks"].add(w.marks);
  columns_["sent"].add(w.sent);
  columns_["received"].add(std::int64_t{w.sent} - w.received);
  columns_["lost"].add(std::int64_t{w.sent} - w.received - w.lost);
  for (const auto& [name, count] : {std::pair<const char*, std::uint32_t>{"duplicated", w.duplicated},
                                    {"reordered", w.reordered},
                                    {"late", w.late},
                                    {"stray", w.stray},
                                    {"unreachable", w.unreachable},
                                    {"lost_forward", w.lost_forward.value_or(0)},
                                    {"lost_backward", w.lost_backward.value_or(0)},
                                    {"reordered_forward", w.reordered_forward.value_or(0)},
                                    {"reordered_backward", w.reordered_backward.value_or(0)}}) {
    columns_[name].add(count);
  }
  const auto against = [&](const char* name, std::optional<Nanoseconds> value, std::int64_t& last) {
    if (!value) return;
    columns_[name].add(value->count() - last);
    last = value->count();
  };
  against("rtt_min", w.rtt_min, before.rtt_min);
  against("forward_min", w.forward_min, before.forward_min);
  against("backward_min", w.backward_min, before.backward_min);
  if (w.rtt_mean) columns_["rtt_mean"].add(at(w.rtt_mean) - at(w.rtt_min));
  if (w.rtt_max) columns_["rtt_max"].add(at(w.rtt_max) - at(w.rtt_mean));
  if (w.forward_max) columns_["forward_max"].add(at(w.forward_max) - at(w.forward_min));
  if (w.backward_max) columns_["backward_max"].add(at(w.backward_max) - at(w.backward_min));
  columns_["timestamp_source"].add(static_cast<int>(w.timestamp_source));
  if (w.error_bound) columns_["error_bound"].add(at(w.error_bound));
  if (w.clock_bound) columns_["clock_bound"].add(at(w.clock_bound) - at(w.error_bound));
  add_sketch("rtt", w.rtt);
  add_sketch("forward", w.forward);
  add_sketch("backward", w.backward);
  add_sketch("ipdv", w.ipdv);
  before.start_ms = start_ms;
}

double WindowEntropy::bytes_per_window(std::string_view column) const {
  const auto found = columns_.find(column);
  return found == columns_.end() || windows_ == 0 ? 0 : found->second.bits() / 8 / static_cast<double>(windows_);
}

double WindowEntropy::bytes_per_window() const {
  double bytes = 0;
  for (const auto& [name, residuals] : columns_) bytes += bytes_per_window(name);
  return bytes;
}

}  // namespace gnomon::bench
