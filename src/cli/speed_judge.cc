#include "cli/speed_judge.h"

#include <algorithm>
#include <cmath>

#include "analysis/ramp_up.h"
#include "analysis/result_verdict.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;

analysis::Precision precision_of(Nanoseconds most) {
  analysis::Precision precision;
  precision.full = most;
  precision.least = std::min(precision.least, most);
  return precision;
}

std::optional<Nanoseconds> quantile(std::vector<double> ns, double q) {
  if (ns.empty()) return std::nullopt;
  return Nanoseconds(std::llround(analysis::quantile_of(std::move(ns), q)));
}

std::uint64_t whole(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

std::optional<double> seconds_per_gb(const std::optional<schema::CpuUse>& cpu, std::uint64_t bytes) {
  if (!cpu || bytes == 0) return std::nullopt;
  return std::chrono::duration<double>(cpu->running).count() / (static_cast<double>(bytes) / 1e9);
}

void fill_last_sample(const SpeedFigures& figures, schema::AccessResult& out) {
  const auto& samples = figures.capacity.transfer.samples;
  if (samples.empty()) return;
  const bool down = figures.capacity.transfer.direction == schema::Direction::kDown;
  // The very last sample may lack the other end's figures (ndt7): the last that has them counts.
  const auto last_with = [&](auto member) {
    const auto at =
        std::ranges::find_if(samples.rbegin(), samples.rend(), [&](const auto& s) { return !!(s.*member); });
    return at == samples.rend() ? nullptr : &*at;
  };
  const auto cpu_of = [&](std::optional<schema::CpuUse> schema::TransferSample::*end) -> std::optional<double> {
    const auto* sample = last_with(end);
    return sample == nullptr ? std::nullopt : seconds_per_gb(sample->*end, sample->received_bytes);
  };
  out.client_cpu = cpu_of(down ? &schema::TransferSample::receiver_cpu : &schema::TransferSample::sender_cpu);
  out.server_cpu = cpu_of(down ? &schema::TransferSample::sender_cpu : &schema::TransferSample::receiver_cpu);
  const auto* tcp = last_with(&schema::TransferSample::tcp);
  if (tcp == nullptr || tcp->tcp->sent_segments == 0) return;
  out.retransmission_ratio = std::min(
      1.0, static_cast<double>(tcp->tcp->retransmitted_segments) / static_cast<double>(tcp->tcp->sent_segments));
}

void fill_evidence(const SpeedFigures& figures, schema::AccessResult& out) {
  out.loaded_p50 = figures.loaded_p50;
  out.loaded_p95 = figures.loaded_p95;
  fill_last_sample(figures, out);
  analysis::fill_verdict(figures.limit, out);
}

}  // namespace

bool is_precise(const schema::Transfer& transfer, Nanoseconds most) {
  return analysis::may_stop(transfer.samples, precision_of(most)).stop;
}

SpeedFigures figures_of(capacity::TcpCapacity result, Nanoseconds most) {
  SpeedFigures figures;
  const auto& samples = result.transfer.samples;
  if (!samples.empty()) {
    const analysis::DeliveryCurve curve(samples);
    const Nanoseconds ramp = analysis::ramp_up(curve).end;
    figures.throughput = analysis::throughput(curve, ramp);
    figures.bytes = samples.back().received_bytes;
    if (curve.end() > 0) figures.mean_bps = 8 * static_cast<double>(figures.bytes) / curve.end();
    const Nanoseconds left = most - samples.back().at;
    if (result.ending == capacity::Ending::kWhole && left > 2 * capacity::kSampleInterval) {
      const double bps = figures.throughput ? figures.throughput->bps : figures.mean_bps;
      figures.spared.value = whole(bps / 8 * std::chrono::duration<double>(left).count());
    }
    std::vector<double> loaded;
    for (const auto& sample : samples) {
      if (sample.tcp && sample.at >= ramp) loaded.push_back(static_cast<double>(sample.tcp->rtt.count()));
    }
    figures.loaded_p50 = quantile(loaded, 0.5);
    figures.loaded_p95 = quantile(std::move(loaded), 0.95);
    figures.limit = analysis::transfer_limit(result.transfer);
  }
  figures.capacity = std::move(result);
  return figures;
}

void TransferJudge::judge(const capacity::TcpCapacity& result, Nanoseconds most, schema::AccessResult& out) {
  const SpeedFigures figures = figures_of(result, most);
  const auto& samples = result.transfer.samples;
  out.moved_bytes = figures.bytes;
  out.spared_bytes = figures.spared.value;
  out.samples = static_cast<std::uint32_t>(samples.size());
  out.idle_p50 = result.idle_rtt;
  out.congestion_control = result.congestion_control;
  if (samples.empty()) return;
  out.throughput = whole(figures.throughput ? figures.throughput->bps : figures.mean_bps);
  if (figures.throughput) {
    out.throughput_low = std::min(*out.throughput, whole(figures.throughput->low));
    out.throughput_high = std::max(*out.throughput, whole(figures.throughput->high));
  }
  fill_evidence(figures, out);
}

void TransferJudge::judge_limit(const schema::Transfer& transfer, schema::AccessResult& out) {
  if (transfer.samples.empty()) return;
  capacity::TcpCapacity capacity;
  capacity.transfer = transfer;
  fill_evidence(figures_of(std::move(capacity), transfer.samples.back().at), out);
}

}  // namespace gnomon::cli
