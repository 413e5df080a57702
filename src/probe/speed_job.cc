#include "probe/speed_job.h"

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "core/log.h"
#include "core/version.h"

namespace gnomon::probe {

schema::AccessResult head_of(const DueTest& test, schema::AccessDirection direction, WallTime now) {
  schema::AccessResult result;
  result.start = now;
  result.plan_item = test.item;
  result.target = test.target;
  result.target_site = test.target_site;
  result.address = test.address;
  result.port = test.port.value;
  result.family = static_cast<std::uint32_t>(test.family);
  result.method = to_string(test.method);
  result.direction = direction;
  result.streams = 1;
  result.software = fmt::format("gnomon {}", version());
  return result;
}

SpeedPart::SpeedPart(const SpeedJob& job, schema::AccessDirection direction)
    : result(head_of(job.test, direction, job.clock.wall())), job_(job), begun_(job.clock.now()) {
  result.address = net::to_string(job.server.address);
}

void SpeedPart::on_turn() {
  if (running_ != nullptr) return;
  // What went before was waiting in line: who sets results beside each other asks when the line was full.
  result.start = job_.clock.wall();
  begun_ = job_.clock.now();
  running_ = std::make_unique<methods::TestTimes::Running>(job_.times, job_.clock, *job_.space);
}

void SpeedPart::off_turn() {
  if (running_ != nullptr) running_->forget();
  running_.reset();
}

bool SpeedPart::comes_again() {
  off_turn();
  if (job_.cancelled || job_.patience() < job_.pause) return false;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, job_.stop, job_.pause, [] { return false; });
  return !job_.cancelled && !job_.stop.stop_requested();
}

void SpeedPart::fail(const methods::TestFailure& failure) {
  off_turn();
  if (job_.cancelled) return;
  log::warning("probe {}: {}", job_.prober, failure.message());
  result.outcome = failure.outcome;
  end();
}

void SpeedPart::end() {
  running_.reset();
  if (job_.cancelled) return;
  if (result.duration == std::chrono::milliseconds{}) {
    result.duration = std::chrono::round<std::chrono::milliseconds>(job_.clock.now() - begun_);
  }
  job_.give(result);
}

void carry_out(const SpeedJob& job) {
  switch (job.test.method) {
    case SpeedMethod::kTcp:
      return test_tcp(job);
    case SpeedMethod::kUdp:
      return test_udp(job);
    case SpeedMethod::kNdt7:
      return test_ndt7(job);
    case SpeedMethod::kResponsiveness:
      return test_responsiveness(job);
  }
}

}  // namespace gnomon::probe
