#pragma once

// One due speed test, and what it is carried out with. Each method has a function that tests all its directions, one
// after the other, and hands over a result for each: speed_tcp.cc, speed_udp.cc, speed_ndt7.cc and
// speed_responsiveness.cc. They block the thread that calls them until the test is over or cancelled.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "core/clock.h"
#include "methods/test_failure.h"
#include "methods/test_times.h"
#include "net/address.h"
#include "net/socket_space.h"
#include "probe/speed_judge.h"
#include "probe/speed_schedule.h"
#include "schema/access_result.h"

namespace gnomon::probe {

struct SpeedJob {
  const DueTest& test;
  net::Endpoint server;                     // resolved
  std::shared_ptr<net::SocketSpace> space;  // where the prober stands
  const Clock& clock;
  SpeedJudge& judge;
  methods::TestTimes& times;
  std::string prober;                  // its name, for the log
  const std::atomic<bool>& cancelled;  // ends the test; results are not wanted any more
  std::stop_token stop;                // the same, for methods that know stop tokens
  std::function<void(schema::AccessResult)> give;
  Nanoseconds pause = std::chrono::seconds(5);  // before a busy server is asked again

  // No new direction: cancelled, or the test's time is over.
  [[nodiscard]] bool is_over() const { return cancelled || clock.wall() > test.end; }
  // How long the server's line may take.
  [[nodiscard]] Nanoseconds patience() const { return std::max(Nanoseconds{}, test.latest - clock.wall()); }
};

// What every result of a test says; it began now.
schema::AccessResult head_of(const DueTest& test, schema::AccessDirection direction, WallTime now);

// A direction from its begin to its end: the result's time and length, and the mark on what is measured meanwhile.
class SpeedPart {
 public:
  SpeedPart(const SpeedJob& job, schema::AccessDirection direction);

  // The line is about to be filled: from now on this place is under test, until the part ends.
  void on_turn();
  // After the refusal of a busy server, where its protocol has no line to wait in: waits for the pause. False when the
  // test may not begin any more, and the refusal stands.
  [[nodiscard]] bool comes_again();
  // It did not begin: a result that says so.
  void fail(const methods::TestFailure& failure);
  // It is over: hands over `result`, unless that is cancelled.
  void end();

  schema::AccessResult result;

 private:
  // The line was not filled after all.
  void off_turn();

  const SpeedJob& job_;
  MonotonicTime begun_;
  std::unique_ptr<methods::TestTimes::Running> running_;
};

void test_tcp(const SpeedJob& job);
void test_udp(const SpeedJob& job);
void test_ndt7(const SpeedJob& job);
void test_responsiveness(const SpeedJob& job);
// The one of its method.
void carry_out(const SpeedJob& job);

}  // namespace gnomon::probe
