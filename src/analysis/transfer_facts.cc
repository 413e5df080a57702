#include "analysis/transfer_facts.h"

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

namespace {

using Samples = std::span<const schema::TransferSample>;

constexpr double kWindow = 0.5;  // seconds, over which rates and windows are compared
constexpr std::size_t kFewestSamples = 16;

double seconds_of(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double growth(std::uint64_t from, std::uint64_t to) {
  return to > from ? static_cast<double>(to - from) : 0;
}

// Counters that come from elsewhere may say anything: a share is a share.
double share(Nanoseconds from, Nanoseconds to, double seconds) {
  return std::clamp(seconds_of(to - from) / seconds, 0.0, 1.0);
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double mean_a = 0, mean_b = 0, ab = 0, aa = 0, bb = 0;
  const auto n = static_cast<double>(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) mean_a += a[i] / n, mean_b += b[i] / n;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a), bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

struct Windows {
  std::vector<double> rate, rtt, congestion_window;
};

Windows half_seconds(Samples samples, const DeliveryCurve& curve, double from) {
  Windows windows;
  for (double begin = from; begin + kWindow <= curve.end(); begin += kWindow) {
    double rtt = 0, window = 0;
    int count = 0;
    for (const schema::TransferSample& sample : samples) {
      const double at = seconds_of(sample.at);
      if (at < begin || at >= begin + kWindow || !sample.tcp) continue;
      rtt += seconds_of(sample.tcp->rtt);
      window += static_cast<double>(sample.tcp->congestion_window_bytes);
      ++count;
    }
    windows.rate.push_back(curve.rate(begin, begin + kWindow));
    windows.rtt.push_back(rtt / std::max(1, count));
    windows.congestion_window.push_back(window / std::max(1, count));
  }
  return windows;
}

// The first and last samples that hold something, and all between.
template <typename Get>
Samples that_have(Samples samples, Get get) {
  const auto has = [&](const schema::TransferSample& sample) { return (sample.*get).has_value(); };
  const auto first = std::ranges::find_if(samples, has);
  const auto last = std::find_if(samples.rbegin(), samples.rend(), has);
  if (first == samples.end() || &*first == &*last) return {};
  return samples.subspan(static_cast<std::size_t>(first - samples.begin()),
                         static_cast<std::size_t>(&*last - &*first) + 1);
}

std::optional<CpuFacts> cpu_facts(Samples all, std::optional<schema::CpuUse> schema::TransferSample::*get) {
  const Samples samples = that_have(all, get);
  if (samples.size() < 2) return std::nullopt;
  const double seconds = seconds_of(samples.back().at - samples.front().at);
  const schema::CpuUse &a = *(samples.front().*get), &b = *(samples.back().*get);
  if (seconds <= 0) return std::nullopt;
  return CpuFacts{share(a.busiest, b.busiest, seconds), share(a.waiting, b.waiting, seconds),
                  share(a.throttled, b.throttled, seconds)};
}

void see_losses(Samples samples, SenderFacts& facts) {
  std::vector<double> windows, at_loss;
  std::uint64_t told = samples.front().tcp->retransmitted_segments;
  bool losing = false;
  for (const schema::TransferSample& sample : samples) {
    if (!sample.tcp) continue;
    const bool lost = sample.tcp->retransmitted_segments > told;
    told = std::max(told, sample.tcp->retransmitted_segments);
    if (lost && !losing && !windows.empty()) at_loss.push_back(windows.back());
    losing = lost;
    windows.push_back(static_cast<double>(sample.tcp->congestion_window_bytes));
  }
  std::ranges::sort(windows);
  facts.loss_episodes = static_cast<int>(at_loss.size());
  for (const double window : at_loss) {
    const auto below = std::ranges::lower_bound(windows, window) - windows.begin();
    const auto up_to = std::ranges::upper_bound(windows, window) - windows.begin();
    facts.loss_rank += static_cast<double>(below + up_to) / 2 / static_cast<double>(windows.size() * at_loss.size());
  }
}

double late_loss_ratio(Samples samples) {
  const Nanoseconds middle = (samples.front().at + samples.back().at) / 2;
  const auto half =
      std::ranges::find_if(samples, [&](const auto& sample) { return sample.at >= middle && sample.tcp; });
  const schema::SenderTcp &a = *half->tcp, &b = *samples.back().tcp;
  const double sent = growth(a.sent_segments, b.sent_segments);
  return sent > 0 ? std::min(1.0, growth(a.retransmitted_segments, b.retransmitted_segments) / sent) : 0;
}

std::optional<SenderFacts> sender_facts(Samples all, const Windows& windows) {
  const Samples samples = that_have(all, &schema::TransferSample::tcp);
  if (samples.size() < 2) return std::nullopt;
  const schema::SenderTcp &a = *samples.front().tcp, &b = *samples.back().tcp;
  const double seconds = seconds_of(samples.back().at - samples.front().at);
  if (seconds <= 0) return std::nullopt;
  SenderFacts facts;
  facts.busy = share(a.busy, b.busy, seconds);
  // Some kernels count their own jiffies wrongly, but all three alike: so shares of the time that they call busy.
  if (const double busy = seconds_of(b.busy - a.busy); busy > 0) {
    facts.window_limited = share(a.window_limited, b.window_limited, busy);
    facts.buffer_limited = share(a.buffer_limited, b.buffer_limited, busy);
  }
  const double sent = growth(a.sent_segments, b.sent_segments);
  const double repeated = growth(a.retransmitted_segments, b.retransmitted_segments);
  facts.retransmitted = static_cast<std::uint64_t>(repeated);
  if (sent > 0) facts.loss_ratio = std::min(1.0, repeated / sent);
  facts.late_loss_ratio = late_loss_ratio(samples);
  if (sent > repeated) facts.segment = growth(a.acked_bytes, b.acked_bytes) / (sent - repeated);
  facts.acked = static_cast<double>(b.acked_bytes);
  facts.held_between = growth(samples.back().received_bytes, b.acked_bytes);
  std::vector<double> rtts;
  facts.base_rtt = seconds_of(b.min_rtt);
  int empty = 0;
  for (const schema::TransferSample& sample : samples) {
    if (!sample.tcp) continue;
    rtts.push_back(seconds_of(sample.tcp->rtt));
    facts.base_rtt = std::min(facts.base_rtt, seconds_of(sample.tcp->min_rtt));
    empty += sample.tcp->unsent_bytes == 0 ? 1 : 0;
  }
  facts.empty = static_cast<double>(empty) / static_cast<double>(rtts.size());
  facts.rtt = quantile_of(rtts, 0.5);
  facts.rtt_p90 = quantile_of(rtts, 0.9);
  facts.rtt_high = quantile_of(std::move(rtts), 0.95);
  see_losses(samples, facts);
  facts.rtt_follows = correlation(windows.congestion_window, windows.rtt);
  facts.rate_follows = correlation(windows.congestion_window, windows.rate);
  return facts;
}

}  // namespace

std::optional<TransferFacts> transfer_facts(Samples samples) {
  const DeliveryCurve curve(samples);
  TransferFacts facts;
  facts.ramp = ramp_up(curve);
  const double from = seconds_of(facts.ramp.end);
  const auto after = std::ranges::find_if(samples, [&](const auto& sample) { return sample.at >= facts.ramp.end; });
  const Samples rest = samples.subspan(static_cast<std::size_t>(after - samples.begin()));
  facts.seconds = curve.end() - from;
  if (facts.seconds < 1 || rest.size() < kFewestSamples) return std::nullopt;
  facts.rate = curve.rate(from, curve.end());
  const Windows windows = half_seconds(rest, curve, from);
  const double middle = quantile_of(windows.rate, 0.5);
  if (middle > 0) {
    facts.spread = (quantile_of(windows.rate, 0.9) - quantile_of(windows.rate, 0.1)) / middle;
    facts.ceiling = quantile_of(windows.rate, 0.95) / middle - 1;
  }
  facts.sender = sender_facts(rest, windows);
  facts.sender_cpu = cpu_facts(rest, &schema::TransferSample::sender_cpu);
  facts.receiver_cpu = cpu_facts(rest, &schema::TransferSample::receiver_cpu);
  return facts;
}

}  // namespace gnomon::analysis
