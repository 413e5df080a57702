#include "analysis/transfer_ends.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/delivery_curve.h"

namespace gnomon::analysis {

namespace {

using schema::TransferSample;

template <typename T>
const TransferSample* newest_with(const schema::Transfer& transfer, std::optional<T> TransferSample::*figure) {
  const auto& samples = transfer.samples;
  const auto found = std::find_if(samples.rbegin(), samples.rend(),
                                  [&](const TransferSample& sample) { return (sample.*figure).has_value(); });
  return found == samples.rend() ? nullptr : &*found;
}

std::optional<Nanoseconds> quantile(std::vector<double> ns, double q) {
  if (ns.empty()) return std::nullopt;
  return Nanoseconds(std::llround(quantile_of(std::move(ns), q)));
}

}  // namespace

std::optional<double> seconds_per_gb(const std::optional<schema::CpuUse>& cpu, std::uint64_t bytes) {
  if (!cpu || bytes == 0) return std::nullopt;
  return std::chrono::duration<double>(cpu->running).count() / (static_cast<double>(bytes) / 1e9);
}

TransferEnds transfer_ends(const schema::Transfer& transfer) {
  TransferEnds ends;
  const auto cpu_of = [&](std::optional<schema::CpuUse> TransferSample::*end) -> std::optional<double> {
    const TransferSample* const sample = newest_with(transfer, end);
    return sample == nullptr ? std::nullopt : seconds_per_gb(sample->*end, sample->received_bytes);
  };
  const bool down = transfer.direction == schema::Direction::kDown;
  ends.client_cpu = cpu_of(down ? &TransferSample::receiver_cpu : &TransferSample::sender_cpu);
  ends.server_cpu = cpu_of(down ? &TransferSample::sender_cpu : &TransferSample::receiver_cpu);
  const TransferSample* const tcp = newest_with(transfer, &TransferSample::tcp);
  if (tcp == nullptr) return ends;
  ends.rtt = tcp->tcp->rtt;
  if (tcp->tcp->sent_segments == 0) return ends;
  ends.retransmission_ratio = std::min(
      1.0, static_cast<double>(tcp->tcp->retransmitted_segments) / static_cast<double>(tcp->tcp->sent_segments));
  return ends;
}

LoadedDelay loaded_delay(const schema::Transfer& transfer, Nanoseconds ramp_end) {
  std::vector<double> loaded;
  for (const TransferSample& sample : transfer.samples) {
    if (sample.tcp && sample.at >= ramp_end) loaded.push_back(static_cast<double>(sample.tcp->rtt.count()));
  }
  return {quantile(loaded, 0.5), quantile(loaded, 0.95)};
}

}  // namespace gnomon::analysis
