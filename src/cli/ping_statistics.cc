#include "cli/ping_statistics.h"

#include <algorithm>

namespace gnomon::cli {

using Fate = methods::PacketReport::Fate;

void PingStatistics::add(const methods::PacketReport& report, MonotonicTime now) {
  switch (report.fate) {
    case Fate::kAnswered:
      return add_answer(report, now);
    case Fate::kLost:
      ++lost;
      slot_at(now).loss = true;
      return;
    case Fate::kUnreachable:
      ++lost;
      ++unreachable;
      slot_at(now).loss = true;
      last_problem = report.reason;
      if (report.reporter) last_problem += ", says " + net::to_string(*report.reporter);
      return;
    case Fate::kNotSent:
      ++not_sent;
      slot_at(now).loss = true;
      last_problem = report.reason;
      return;
    case Fate::kDuplicate:
      ++duplicated;
      return;
    case Fate::kLate:
      ++late;
      return;
    case Fate::kStray:
      ++stray;
      return;
  }
}

void PingStatistics::add_answer(const methods::PacketReport& report, MonotonicTime now) {
  rtt_min = answered == 0 ? report.rtt : std::min(rtt_min, report.rtt);
  rtt_max = std::max(rtt_max, report.rtt);
  if (newest_ && report.sequence < *newest_) ++reordered;
  newest_ = std::max(newest_.value_or(0), report.sequence);
  ++answered;
  rtt.add(report.rtt);
  slot_at(now).rtt.add(report.rtt);
  error_bound = std::max(error_bound, report.error_bound);
  source = std::max(source, report.source);
  if (previous_ && report.sequence == *previous_ + 1) ipdv.add(report.rtt - previous_rtt_);
  previous_ = report.sequence;
  previous_rtt_ = report.rtt;
  if (!report.forward || !report.backward) return;
  forward_min = forward.empty() ? *report.forward : std::min(forward_min, *report.forward);
  backward_min = backward.empty() ? *report.backward : std::min(backward_min, *report.backward);
  forward.add(*report.forward);
  backward.add(*report.backward);
  if (report.clock_bound) clock_bound = std::max(clock_bound.value_or(Nanoseconds{}), *report.clock_bound);
}

PingStatistics::Slot& PingStatistics::slot_at(MonotonicTime now) {
  const auto second = (now - start_) / std::chrono::seconds(1);
  auto& slot = slots_[static_cast<std::size_t>(second) % slots_.size()];
  if (slot.second != second) slot = {second, {}, false};
  return slot;
}

std::vector<PingStatistics::Second> PingStatistics::last_seconds(std::size_t count, MonotonicTime now) const {
  const auto newest = (now - start_) / std::chrono::seconds(1);
  count = std::min(count, slots_.size() - 1);
  std::vector<Second> out;
  for (auto second = std::max<std::int64_t>(0, newest - static_cast<std::int64_t>(count) + 1); second <= newest;
       ++second) {
    const auto& slot = slots_[static_cast<std::size_t>(second) % slots_.size()];
    out.push_back(slot.second == second ? Second{slot.rtt.quantile(0.5), slot.loss} : Second{});
  }
  return out;
}

std::vector<std::uint64_t> PingStatistics::histogram(std::size_t bins) const {
  std::vector<std::uint64_t> out(bins, 0);
  const auto span = std::max<std::int64_t>((rtt_max - rtt_min).count(), 1);
  for (const auto& bucket : rtt.buckets()) {
    const auto value = std::clamp(DelaySketch::value_of(bucket.number), rtt_min, rtt_max);
    const auto bin = static_cast<std::size_t>(static_cast<double>((value - rtt_min).count()) /
                                              static_cast<double>(span) * static_cast<double>(bins));
    out[std::min(bin, bins - 1)] += bucket.count;
  }
  return out;
}

}  // namespace gnomon::cli
