#include "cli/speed_judge.h"

#include <algorithm>
#include <cmath>

#include "analysis/ramp_up.h"
#include "analysis/result_verdict.h"
#include "analysis/transfer_ends.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;

analysis::Precision precision_of(Nanoseconds most) {
  analysis::Precision precision;
  precision.full = most;
  precision.least = std::min(precision.least, most);
  return precision;
}

std::uint64_t whole(double value) {
  return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0;
}

void fill_evidence(const SpeedFigures& figures, schema::AccessResult& out) {
  out.loaded_p50 = figures.loaded_p50;
  out.loaded_p95 = figures.loaded_p95;
  analysis::fill_ends(figures.capacity.transfer, out);
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
    const analysis::LoadedDelay loaded = analysis::loaded_delay(result.transfer, ramp);
    figures.loaded_p50 = loaded.p50;
    figures.loaded_p95 = loaded.p95;
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
