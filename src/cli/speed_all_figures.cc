#include "cli/speed_all_figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/ramp_up.h"
#include "analysis/transfer_ends.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;
namespace ndt7 = methods::ndt7;
namespace rpm = methods::responsiveness;
namespace udpst = methods::udpst;
using schema::Direction;
using schema::TransferSample;

constexpr double kBusyThread = 0.85;  // of the time; as in analysis/transfer_limit
constexpr double kOwnCpuConfidence = 0.8;
constexpr double kStillRising = 1.05;  // the last moment above the one before

analysis::MethodRate rate_of(const MethodRun& run, analysis::RateLayer layer, double bps) {
  analysis::MethodRate rate;
  rate.method = run.name;
  rate.layer = layer;
  rate.bps = bps;
  return rate;
}

void fill_ends(MethodRun& run, const schema::Transfer& transfer) {
  const analysis::TransferEnds ends = analysis::transfer_ends(transfer);
  run.client_cpu_s_per_gb = ends.client_cpu;
  run.server_cpu_s_per_gb = ends.server_cpu;
  run.rate->loss_ratio = ends.retransmission_ratio;
  run.rate->rtt = ends.rtt;
}

analysis::TransferLimit by_own_cpu(bool client) {
  analysis::TransferLimit limit;
  limit.limit = client ? analysis::Limit::kClientCpu : analysis::Limit::kServerCpu;
  limit.confidence = kOwnCpuConfidence;
  limit.sentence = {"The client: its processor is busy all the time; the network may carry more.",
                    "客户端：其处理器始终繁忙；网络可能更快。"};
  return limit;
}

bool is_busy(const std::optional<OwnCpu>& cpu) {
  return cpu && cpu->elapsed.count() > 0 &&
         static_cast<double>((cpu->running + cpu->waiting).count()) >=
             kBusyThread * static_cast<double>(cpu->elapsed.count());
}

void set_state(MethodRun& run, capacity::Ending ending, const std::string& reason) {
  switch (ending) {
    case capacity::Ending::kWhole:
      return;
    case capacity::Ending::kCancelled:
      run.state = MethodState::kStopped;
      run.reason = "stopped before its end";
      return;
    case capacity::Ending::kPeerGone:
      run.state = MethodState::kBrokeOff;
      run.reason = reason;
      return;
    case capacity::Ending::kNothing:
      run.state = MethodState::kBrokeOff;
      run.reason = "not a byte came through, though the connections stand: an MTU black hole, or the data is blocked";
      return;
  }
}

void set_state(MethodRun& run, const udpst::UdpCapacity& found) {
  switch (found.outcome) {
    case udpst::Outcome::kCompleted:
      return;
    case udpst::Outcome::kNoAnswer:
      run.state = MethodState::kNoAnswer;
      run.reason = fmt::format("no answer on UDP port {}", found.server.port.value);
      if (found.test_port.value == 0) return;
      run.reason = fmt::format("an answer on UDP port {}, none on {}, where the test would be: a firewall between",
                               found.server.port.value, found.test_port.value);
      return;
    case udpst::Outcome::kRefused:
      run.state = MethodState::kRefused;
      run.reason = found.refusal;
      return;
    case udpst::Outcome::kInterrupted:
      run.state = MethodState::kBrokeOff;
      run.reason = "the server fell silent during the test";
      return;
    case udpst::Outcome::kCancelled:
      run.state = MethodState::kStopped;
      run.reason = "stopped before its end";
      return;
  }
}

double median_rate(const std::vector<udpst::SubInterval>& moments) {
  std::vector<double> rates;
  for (const auto& moment : moments) rates.push_back(static_cast<double>(moment.ip_rate.value));
  const auto middle = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() / 2);
  std::ranges::nth_element(rates, middle);
  return *middle;
}

void fill_moments(MethodRun& run, const udpst::UdpCapacity& found) {
  const auto& moments = found.sub_intervals;
  const auto& best = moments[found.maximum->sub_interval];
  run.rate = rate_of(run, analysis::RateLayer::kIpPacket, static_cast<double>(found.maximum->rate.value));
  run.rate->duration = best.length;
  run.rate->holds_burst = true;
  run.rate->loss_ratio = best.loss_ratio.value;
  run.rate->rtt = found.rtt_minimum;
  run.rate->usual_bps = median_rate(moments);
  const std::size_t at = found.maximum->sub_interval;
  if (at == 0 || at + 1 != moments.size()) return;
  const auto& before = moments[at - 1];
  run.rate->was_rising = run.rate->bps > kStillRising * static_cast<double>(before.ip_rate.value);
}

}  // namespace

std::string streams_name(std::uint32_t streams) {
  return streams == 1 ? "TCP, one stream" : fmt::format("TCP, {} streams", streams);
}

void fill(MethodRun& run, const SpeedFigures& figures) {
  const capacity::TcpCapacity& found = figures.capacity;
  set_state(run, found.ending, found.reason);
  run.mss = found.mss;
  if (figures.bytes == 0) return;
  const auto& throughput = figures.throughput;
  run.rate = rate_of(run, analysis::RateLayer::kTcpPayload, throughput ? throughput->bps : figures.mean_bps);
  run.rate->streams = static_cast<int>(found.transfer.streams);
  run.rate->duration = found.transfer.samples.back().at;
  run.rate->holds_burst = !throughput;
  run.rate->limit = figures.limit;
  if (throughput) {
    run.rate->low = throughput->low, run.rate->high = throughput->high;
    run.rate->duration = throughput->to - throughput->from;
    const auto& policer = figures.limit.policer;
    run.rate->holds_burst = policer && throughput->from < policer->emptied;
  }
  fill_ends(run, found.transfer);
  if (figures.loaded_p50) run.rate->rtt = figures.loaded_p50;
  run.queue = figures.limit.queue_delay;
}

void fill(MethodRun& run, const udpst::UdpCapacity& found, const std::optional<OwnCpu>& cpu) {
  set_state(run, found);
  if (!found.maximum) {
    if (run.state == MethodState::kMeasured) {
      run.state = MethodState::kBrokeOff;
      run.reason = "no load arrived for a whole sub-interval";
    }
    return;
  }
  fill_moments(run, found);
  std::uint64_t bytes = 0;
  for (const auto& moment : found.sub_intervals) bytes += moment.ip_bytes.value;
  if (cpu) run.client_cpu_s_per_gb = analysis::seconds_per_gb(schema::CpuUse{cpu->running, {}, {}, {}}, bytes);
  const bool is_late = found.sender && !found.sender->held_rate();
  if (is_late || (is_busy(cpu) && !found.sender)) run.rate->limit = by_own_cpu(true);
}

void fill(MethodRun& run, const ndt7::RunResult& found, bool tls) {
  if (found.end != ndt7::RunEnd::kDone) {
    run.state = found.end == ndt7::RunEnd::kCancelled ? MethodState::kStopped : MethodState::kBrokeOff;
    run.reason =
        fmt::format("ended early ({}{}{})", ndt7::to_string(found.end), found.fault.empty() ? "" : ": ", found.fault);
  }
  const auto& samples = found.transfer.samples;
  if (samples.empty() || samples.back().received_bytes == 0) return;
  run.rate = rate_of(run, tls ? analysis::RateLayer::kWebSocketTlsPayload : analysis::RateLayer::kWebSocketPayload,
                     ndt7::mean_bits_per_second(found.transfer));
  run.rate->duration = samples.back().at;
  run.rate->holds_burst = true;
  run.rate->limit = analysis::transfer_limit(found.transfer);
  run.queue = run.rate->limit->queue_delay;
  const analysis::DeliveryCurve curve(samples);
  if (const auto after = analysis::throughput(curve, analysis::ramp_up(curve).end)) run.rate->settled_bps = after->bps;
  fill_ends(run, found.transfer);
}

void fill(MethodRun& run, const rpm::WorkingConditions& found, bool tls, const std::optional<OwnCpu>& cpu) {
  constexpr Nanoseconds kAveraged = std::chrono::seconds(4);  // goodput is that of the last four intervals
  const bool down = found.load == rpm::Load::kDown;
  if (!found.ended_early.empty()) {
    run.state = MethodState::kBrokeOff;
    run.reason = "ended early: " + found.ended_early;
  }
  if (found.rpm) run.rpm = found.rpm->overall;
  run.queue = found.tcp.p50;
  const auto bps = static_cast<double>((down ? found.goodput_down : found.goodput_up).value);
  if (bps <= 0) return;
  run.rate = rate_of(run, tls ? analysis::RateLayer::kTlsPayload : analysis::RateLayer::kTcpPayload, bps);
  run.rate->streams = static_cast<int>(std::max(1U, down ? found.flows_down : found.flows_up));
  run.rate->duration = std::min(kAveraged, found.duration);
  run.rate->was_rising = found.goodput_confidence == rpm::Confidence::kLow;
  if (is_busy(cpu)) run.rate->limit = by_own_cpu(true);
  run.rate->probes = rpm::SearchOptions{}.probe_share;
}

bool fill(MethodRun& run, net::TcpReach reach, Port port) {
  switch (reach) {
    case net::TcpReach::kOpen:
      return false;
    case net::TcpReach::kClosed:
      run.state = MethodState::kNotOffered;
      run.reason = fmt::format("nothing listens on TCP port {}", port.value);
      return true;
    case net::TcpReach::kSilent:
      run.state = MethodState::kNoAnswer;
      run.reason = fmt::format("no answer on TCP port {}", port.value);
      return true;
    case net::TcpReach::kUnreachable:
      run.state = MethodState::kNoAnswer;
      run.reason = fmt::format("no way to TCP port {}", port.value);
      return true;
    case net::TcpReach::kStopped:
      run.state = MethodState::kStopped;
      run.reason = "stopped before it began";
      return true;
  }
  return true;
}

void fill(MethodRun& run, const Error& error) {
  run.state = MethodState::kRefused;
  run.reason =
      fmt::format("{}{}{}: {}", error.operation, error.subject.empty() ? "" : " ", error.subject, error.reason);
}

}  // namespace gnomon::cli
