#pragma once

// What the figures of a speed test mean (throughput, when it is enough, what limited it) is said by analysis/, which
// this room does not know: the composition root brings a judge. Called by the thread that tests.

#include "core/clock.h"
#include "methods/capacity/client.h"
#include "schema/access_result.h"
#include "schema/transfer.h"

namespace gnomon::probe {

class SpeedJudge {
 public:
  virtual ~SpeedJudge() = default;
  // Is the figure precise enough to stop a test of at most `most`?
  virtual bool is_enough(const schema::Transfer& transfer, Nanoseconds most) = 0;
  // Fills in throughput with its interval, delays, verdict and evidence.
  virtual void judge(const methods::capacity::TcpCapacity& capacity, Nanoseconds most, schema::AccessResult& out) = 0;
  // Of a method that defines its throughput itself (ndt7): delays, verdict and evidence.
  virtual void judge_limit(const schema::Transfer& transfer, schema::AccessResult& out) = 0;
};

}  // namespace gnomon::probe
