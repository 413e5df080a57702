// Responsiveness under working conditions (docs/methods/responsiveness.md): idle, then down, up, and both ways at once.

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "methods/responsiveness/responsiveness.h"
#include "probe/speed_job.h"

namespace gnomon::probe {

namespace {

namespace rpm = methods::responsiveness;

std::string target_of(const SpeedJob& job) {
  const std::string host = job.test.host.empty() ? net::to_string(job.server.address) : job.test.host;
  const bool is_v6 = job.test.host.empty() && job.server.address.family() == Family::kIpv6;
  return fmt::format("{}://{}{}{}:{}/.well-known/nq", job.test.tls == TlsUse::kNone ? "http" : "https",
                     is_v6 ? "[" : "", host, is_v6 ? "]" : "", job.test.port.value);
}

std::uint32_t whole(double value) {
  const double most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::llround(std::clamp(value, 0.0, most)));
}

schema::AccessDirection direction_of(rpm::Load load) {
  switch (load) {
    case rpm::Load::kDown:
      return schema::AccessDirection::kDown;
    case rpm::Load::kUp:
      return schema::AccessDirection::kUp;
    case rpm::Load::kBoth:
      return schema::AccessDirection::kBoth;
  }
  return schema::AccessDirection::kUnspecified;
}

schema::RpmConfidence confidence_of(rpm::Confidence confidence) {
  switch (confidence) {
    case rpm::Confidence::kLow:
      return schema::RpmConfidence::kLow;
    case rpm::Confidence::kMedium:
      return schema::RpmConfidence::kMedium;
    case rpm::Confidence::kHigh:
      return schema::RpmConfidence::kHigh;
  }
  return schema::RpmConfidence::kUnspecified;
}

void fill_delays(const rpm::ProbeSpread& idle, const rpm::WorkingConditions& seen, schema::AccessResult& out) {
  out.idle_p50 = idle.http.quantile(0.5);
  out.idle_p95 = idle.http.quantile(0.95);
  out.loaded_p50 = seen.loaded.self.quantile(0.5);
  out.loaded_p95 = seen.loaded.self.quantile(0.95);
  if (!seen.rpm) return;
  out.rpm = whole(seen.rpm->overall);
  out.rpm_foreign = whole(seen.rpm->foreign);
  out.rpm_loaded = whole(seen.rpm->loaded);
  out.rpm_confidence = confidence_of(seen.rpm_confidence);
}

void fill(const rpm::ProbeSpread& idle, const rpm::WorkingConditions& seen, schema::AccessResult& out) {
  out.duration = std::chrono::round<std::chrono::milliseconds>(seen.duration);
  out.streams = seen.flows_down + seen.flows_up;
  out.samples = seen.intervals;
  out.moved_bytes = seen.moved.value;
  out.throughput = (seen.load == rpm::Load::kUp ? seen.goodput_up : seen.goodput_down).value;
  if (seen.load == rpm::Load::kBoth) out.throughput_up = seen.goodput_up.value;
  fill_delays(idle, seen, out);
  const bool whole_test = seen.ended_early.empty();
  out.outcome = whole_test ? schema::AccessOutcome::kDone : schema::AccessOutcome::kCutShort;
  if (seen.moved.value == 0) out.outcome = schema::AccessOutcome::kBlocked;
}

rpm::Options options_of(const SpeedJob& job, rpm::Load load) {
  rpm::Options options;
  options.target = target_of(job);
  options.family = job.test.family;
  options.verify_tls = job.test.tls != TlsUse::kUnverified;
  options.loads = {load};
  options.most_time = job.test.most;
  options.space = job.space;
  options.stop = job.stop;
  return options;
}

class Sink final : public rpm::ProgressSink {
 public:
  explicit Sink(SpeedPart& part) : part_(part) {}
  void on_progress(const rpm::Progress& progress) override {
    if (progress.stage == rpm::Progress::Stage::kLoaded) part_.on_turn();
  }

 private:
  SpeedPart& part_;
};

// False when the other loads need not be tried.
bool test_load(const SpeedJob& job, rpm::Load load) {
  SpeedPart part(job, direction_of(load));
  part.result.layer = schema::ThroughputLayer::kHttp;
  Sink sink(part);
  SystemRandom random;
  auto seen = rpm::measure(options_of(job, load), job.clock, random, &sink);
  while (!seen && methods::is_busy(seen.error()) && part.comes_again()) {
    seen = rpm::measure(options_of(job, load), job.clock, random, &sink);
  }
  if (!seen) {
    part.fail(seen.error());
    return false;
  }
  const auto& conditions = load == rpm::Load::kDown ? seen->down : load == rpm::Load::kUp ? seen->up : seen->both;
  fill(seen->idle, *conditions, part.result);
  part.end();
  return true;
}

}  // namespace

void test_responsiveness(const SpeedJob& job) {
  for (const auto load : {rpm::Load::kDown, rpm::Load::kUp, rpm::Load::kBoth}) {
    if (job.is_over() || !test_load(job, load)) return;
  }
}

}  // namespace gnomon::probe
