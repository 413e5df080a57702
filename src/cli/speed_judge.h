#pragma once

// What the figures of a capacity test mean, for `gnomon speed` and for the probe: throughput with its interval, when a
// test may stop, what limited it. The place where methods/ and analysis/ meet.

#include <optional>

#include "analysis/throughput.h"
#include "analysis/transfer_limit.h"
#include "core/units.h"
#include "methods/capacity/client.h"
#include "probe/speed_judge.h"

namespace gnomon::cli {

// One direction, measured.
struct SpeedFigures {
  methods::capacity::TcpCapacity capacity;
  std::optional<analysis::Throughput> throughput;
  double mean_bps = 0;  // of the whole transfer, ramp-up included: what there is when it was too short for an interval
  std::uint64_t bytes = 0;
  ByteCount spared{};  // by stopping early
  analysis::TransferLimit limit;
  // Round trips under load that the sender's kernel saw; idle ones are the control connection's.
  std::optional<Nanoseconds> loaded_p50, loaded_p95;
};

// `most` is the time that the test was given.
SpeedFigures figures_of(methods::capacity::TcpCapacity capacity, Nanoseconds most);

// Precise enough to stop a test of at most `most`?
bool is_precise(const schema::Transfer& transfer, Nanoseconds most);

class TransferJudge final : public probe::SpeedJudge {
 public:
  bool is_enough(const schema::Transfer& transfer, Nanoseconds most) override { return is_precise(transfer, most); }
  void judge(const methods::capacity::TcpCapacity& capacity, Nanoseconds most, schema::AccessResult& out) override;
  void judge_limit(const schema::Transfer& transfer, schema::AccessResult& out) override;
};

}  // namespace gnomon::cli
