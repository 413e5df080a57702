// ndt7 (docs/methods/ndt7.md), download and then upload.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "methods/ndt7/ndt7_client.h"
#include "probe/speed_job.h"

namespace gnomon::probe {

namespace {

namespace ndt7 = methods::ndt7;

// A server lets its clients wait for half a minute at most (docs/methods/ndt7.md); ours waits a little longer.
constexpr Nanoseconds kLongestWait = std::chrono::seconds(40);

std::string url_of(const SpeedJob& job) {
  const std::string& host = job.test.host;
  const std::string address = net::to_string(job.server.address);
  const bool is_v6 = host.empty() && job.server.address.family() == Family::kIpv6;
  return fmt::format("{}://{}{}{}:{}", job.test.tls == TlsUse::kNone ? "ws" : "wss", is_v6 ? "[" : "",
                     host.empty() ? address : host, is_v6 ? "]" : "", job.test.port.value);
}

schema::AccessOutcome outcome_of(const ndt7::RunResult& run) {
  if (run.end == ndt7::RunEnd::kDone) return schema::AccessOutcome::kDone;
  const auto& samples = run.transfer.samples;
  const bool came_through = !samples.empty() && samples.back().received_bytes > 0;
  return came_through ? schema::AccessOutcome::kCutShort : schema::AccessOutcome::kBlocked;
}

void fill(const SpeedJob& job, const ndt7::RunResult& run, schema::AccessResult& out) {
  const auto& samples = run.transfer.samples;
  out.samples = static_cast<std::uint32_t>(samples.size());
  out.moved_bytes = run.bytes;
  if (samples.empty()) return;
  out.throughput = static_cast<std::uint64_t>(std::llround(ndt7::mean_bits_per_second(run.transfer)));
  const auto known = std::ranges::find_if(samples.rbegin(), samples.rend(), [](const auto& s) { return !!s.tcp; });
  // The connection's own handshake came before its load.
  if (known != samples.rend()) out.idle_p50 = known->tcp->min_rtt;
  job.judge.judge_limit(run.transfer, out);
}

// False when the other direction need not be tried.
bool test_direction(const SpeedJob& job, schema::Direction direction) {
  const bool is_down = direction == schema::Direction::kDown;
  SpeedPart part(job, is_down ? schema::AccessDirection::kDown : schema::AccessDirection::kUp);
  part.result.layer = schema::ThroughputLayer::kWebSocket;
  ndt7::ClientOptions options;
  options.url = url_of(job);
  options.download = is_down;
  options.upload = !is_down;
  options.family = job.test.family;
  options.insecure = job.test.tls == TlsUse::kUnverified;
  options.space = job.space;
  options.patience = std::min(kLongestWait, job.patience());
  options.run.cancel = &job.cancelled;
  ndt7::Progress progress;
  progress.begun = [&] { part.on_turn(); };
  SystemRandom random;
  const auto measured = ndt7::measure(options, job.clock, random, progress);
  if (!measured) {
    part.fail(measured.error());
    return false;
  }
  const auto& run = is_down ? measured->download : measured->upload;
  part.result.duration = std::chrono::round<std::chrono::milliseconds>(run->elapsed);
  part.result.outcome = outcome_of(*run);
  fill(job, *run, part.result);
  part.end();
  return true;
}

}  // namespace

void test_ndt7(const SpeedJob& job) {
  for (const auto direction : {schema::Direction::kDown, schema::Direction::kUp}) {
    if (job.is_over() || !test_direction(job, direction)) return;
  }
}

}  // namespace gnomon::probe
