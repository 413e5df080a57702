#include <algorithm>

#include "methods/responsiveness/foreign_probe.h"
#include "methods/responsiveness/loaded_part.h"

namespace gnomon::methods::responsiveness {
namespace {

constexpr Nanoseconds kSpacing = std::chrono::milliseconds(50);
constexpr Nanoseconds kLook = std::chrono::milliseconds(100);
constexpr Nanoseconds kMost = std::chrono::seconds(10);  // for all together

DelaySketch sketch_of(const std::vector<Nanoseconds>& delays) {
  DelaySketch sketch;
  for (const auto delay : delays) sketch.add(delay);
  return sketch;
}

}  // namespace

ProbeSpread spread_of(const ProbeDelays& delays, std::uint64_t failed) {
  return {sketch_of(delays.tcp),   sketch_of(delays.tls),  sketch_of(delays.http),
          sketch_of(delays.total), sketch_of(delays.self), failed};
}

Result<ProbeSpread> measure_idle(const Course& course, unsigned probes, Nanoseconds timeout,
                                 const std::stop_token& stop) {
  auto loop = ReadyLoop::create(course.clock);
  if (!loop) return tl::unexpected(loop.error());
  ProbeDelays delays;
  std::uint64_t failed = 0;
  const auto end = course.clock.now() + kMost;
  for (unsigned i = 0; i < probes && course.clock.now() < end; ++i) {
    ForeignProbe probe(course);
    const auto next = probe.begun() + kSpacing;
    if (probe.state() == ForeignProbe::State::kUnderWay) loop->watch(probe);
    while (probe.state() == ForeignProbe::State::kUnderWay && course.clock.now() - probe.begun() < timeout) {
      if (stop.stop_requested()) break;
      loop->wait(course.clock.now() + kLook);
    }
    const bool answered = probe.state() == ForeignProbe::State::kAnswered;
    if (answered) probe.add_to(delays);
    if (!answered) ++failed;
    if (probe.state() == ForeignProbe::State::kUnderWay) break;  // silence: the loads will tell
    while (course.clock.now() < next && !stop.stop_requested()) loop->wait(next);
    if (stop.stop_requested()) {
      return failure(ErrorCode::kUnavailable, "measure responsiveness of", course.peer.name, "stopped");
    }
  }
  return spread_of(delays, failed);
}

}  // namespace gnomon::methods::responsiveness
