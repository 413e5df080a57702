// UDP capacity (RFC 9097, RFC 9946; docs/methods/udpst.md), down and then up.

#include <cmath>

#include "methods/udpst/client.h"
#include "probe/speed_job.h"

namespace gnomon::probe {

namespace {

namespace udpst = methods::udpst;

class Sink final : public udpst::ProgressSink {
 public:
  explicit Sink(SpeedPart& part) : part_(part) {}
  void on_turn() override { part_.on_turn(); }
  void on_trial(BitRate) override {}
  void on_sub_interval(const udpst::SubInterval&) override {}

 private:
  SpeedPart& part_;
};

schema::AccessOutcome outcome_of(const udpst::UdpCapacity& seen) {
  switch (seen.outcome) {
    case udpst::Outcome::kCompleted:
      return seen.maximum ? schema::AccessOutcome::kDone : schema::AccessOutcome::kBlocked;
    case udpst::Outcome::kNoAnswer:
      return schema::AccessOutcome::kTimedOut;
    case udpst::Outcome::kRefused:
      return schema::AccessOutcome::kRefused;
    case udpst::Outcome::kInterrupted:
      return seen.maximum ? schema::AccessOutcome::kCutShort : schema::AccessOutcome::kBlocked;
    case udpst::Outcome::kCancelled:
      return schema::AccessOutcome::kCutShort;
  }
  return schema::AccessOutcome::kUnspecified;
}

// Of what a sender sent the receiver counts what came; a line that is paid for by the byte carried what was sent.
std::uint64_t moved_bytes(const udpst::UdpCapacity& seen) {
  std::uint64_t bytes = 0, datagrams = 0;
  for (const udpst::SubInterval& one : seen.sub_intervals) {
    bytes += one.ip_bytes.value;
    datagrams += one.datagrams;
  }
  if (!seen.sender || datagrams == 0 || seen.sender->sent <= datagrams) return bytes;
  const double mean = static_cast<double>(bytes) / static_cast<double>(datagrams);
  return static_cast<std::uint64_t>(std::llround(mean * static_cast<double>(seen.sender->sent)));
}

// The figures of the second that carried most (RFC 9097 §5.3), and the least round trip of the test.
void fill(const udpst::UdpCapacity& seen, schema::AccessResult& out) {
  out.samples = static_cast<std::uint32_t>(seen.sub_intervals.size());
  out.moved_bytes = moved_bytes(seen);
  // The protocol counts round trips in milliseconds: less than one is not known.
  if (seen.rtt_minimum > Nanoseconds{}) out.idle_p50 = seen.rtt_minimum;
  if (!seen.maximum) return;
  const udpst::SubInterval& best = seen.sub_intervals[seen.maximum->sub_interval];
  out.throughput = seen.maximum->rate.value;
  out.loss_ratio = best.loss_ratio.value;
  if (best.datagrams > 0) {
    out.reordered_ratio = std::min(1.0, static_cast<double>(best.reordered) / static_cast<double>(best.datagrams));
  }
  if (!best.one_way_delay_variation) return;
  out.delay_variation_mean = std::max(Nanoseconds{}, best.one_way_delay_variation->mean);
  out.delay_variation_max = std::max(*out.delay_variation_mean, best.one_way_delay_variation->max);
}

void test_direction(const SpeedJob& job, udpst::Direction direction) {
  const bool is_down = direction == udpst::Direction::kDown;
  SpeedPart part(job, is_down ? schema::AccessDirection::kDown : schema::AccessDirection::kUp);
  part.result.layer = schema::ThroughputLayer::kIp;
  part.result.rate_search = job.test.search == RateSearch::kC ? "C" : "B";
  udpst::ClientOptions options;
  options.server = job.server;
  options.space = job.space;
  options.direction = direction;
  options.duration = std::chrono::duration_cast<std::chrono::seconds>(job.test.most);
  options.search.algorithm = job.test.search == RateSearch::kC ? udpst::Algorithm::kC : udpst::Algorithm::kB;
  options.cancel = &job.cancelled;
  Sink sink(part);
  auto seen = udpst::measure(options, job.clock, &sink);
  while (seen && seen->is_busy && part.comes_again()) seen = udpst::measure(options, job.clock, &sink);
  if (!seen) return part.fail(methods::TestFailure(seen.error()));
  if (seen->outcome == udpst::Outcome::kRefused || seen->outcome == udpst::Outcome::kNoAnswer) {
    const bool is_silent = seen->outcome == udpst::Outcome::kNoAnswer;
    Error error{ErrorCode::kUnavailable, "test UDP capacity with", net::to_string(job.server),
                is_silent ? "no answer to three requests" : seen->refusal,
                is_silent ? "does a UDPST server listen on this UDP port, and is no firewall between?" : ""};
    return part.fail(methods::TestFailure(std::move(error), outcome_of(*seen)));
  }
  part.result.outcome = outcome_of(*seen);
  fill(*seen, part.result);
  part.end();
}

}  // namespace

void test_udp(const SpeedJob& job) {
  for (const auto direction : {udpst::Direction::kDown, udpst::Direction::kUp}) {
    if (!job.is_over()) test_direction(job, direction);
  }
}

}  // namespace gnomon::probe
