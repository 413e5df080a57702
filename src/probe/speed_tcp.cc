// TCP capacity (docs/methods/tcp.md), down and then up.

#include "probe/speed_job.h"

namespace gnomon::probe {

namespace {

namespace capacity = methods::capacity;

schema::AccessOutcome outcome_of(capacity::Ending ending) {
  switch (ending) {
    case capacity::Ending::kWhole:
      return schema::AccessOutcome::kDone;
    case capacity::Ending::kCancelled:
    case capacity::Ending::kPeerGone:
      return schema::AccessOutcome::kCutShort;
    case capacity::Ending::kNothing:
      return schema::AccessOutcome::kBlocked;
  }
  return schema::AccessOutcome::kUnspecified;
}

// Stops a direction as soon as the judge has enough.
class Sink final : public capacity::TransferSink {
 public:
  Sink(SpeedJudge& judge, Nanoseconds most, SpeedPart& part) : judge_(judge), most_(most), part_(part) {}
  void on_wait(std::uint64_t, Nanoseconds) override {}
  void on_turn() override { part_.on_turn(); }
  bool on_sample(const schema::Transfer& transfer) override { return judge_.is_enough(transfer, most_); }

 private:
  SpeedJudge& judge_;
  const Nanoseconds most_;
  SpeedPart& part_;
};

void test_direction(const SpeedJob& job, schema::Direction direction) {
  const bool is_down = direction == schema::Direction::kDown;
  SpeedPart part(job, is_down ? schema::AccessDirection::kDown : schema::AccessDirection::kUp);
  part.result.streams = job.test.streams;
  part.result.layer = schema::ThroughputLayer::kTcp;
  capacity::ClientOptions options;
  options.server = job.server;
  options.space = job.space;
  options.direction = direction;
  options.streams = job.test.streams;
  options.most = job.test.most;
  options.patience = job.patience();
  Sink sink(job.judge, job.test.most, part);
  const auto measured = capacity::measure(options, job.clock, sink, job.cancelled);
  if (!measured) return part.fail(measured.error());
  part.result.outcome = outcome_of(measured->ending);
  job.judge.judge(*measured, job.test.most, part.result);
  part.end();
}

}  // namespace

void test_tcp(const SpeedJob& job) {
  for (const auto direction : {schema::Direction::kDown, schema::Direction::kUp}) {
    if (!job.is_over()) test_direction(job, direction);
  }
}

}  // namespace gnomon::probe
