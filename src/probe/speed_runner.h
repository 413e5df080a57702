#pragma once

// Begins the speed tests of a plan when they are due (speed_schedule.h), one at a time, and hands over their results.
//
// A thread of its own waits and tests; use_plan() may be called from any, the callbacks come from that thread.

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "methods/test_times.h"
#include "net/socket_space.h"
#include "probe/data_budget.h"
#include "probe/plan.h"
#include "probe/speed_job.h"
#include "probe/speed_schedule.h"
#include "schema/access_result.h"

namespace gnomon::probe {

// Where a member of the fleet stands.
struct SpeedMember {
  Place place;
  std::shared_ptr<net::SocketSpace> space;
  std::string budget_file;  // what it has used of its data this month
};

class SpeedRunner {
 public:
  using Report = std::function<void(std::size_t member, schema::AccessResult result)>;

  // All of them outlive the runner.
  SpeedRunner(std::vector<SpeedMember> members, const Clock& clock, SpeedJudge& judge, methods::TestTimes& times,
              Report report);
  // Ends a test that runs.
  ~SpeedRunner();
  SpeedRunner(const SpeedRunner&) = delete;
  SpeedRunner& operator=(const SpeedRunner&) = delete;

  void use_plan(Plan plan);

 private:
  struct Due {
    std::size_t member = 0;
    DueTest test;
  };
  void run();
  // The next test of any member that was not begun yet.
  [[nodiscard]] std::optional<Due> next();
  void begin(const Due& due);
  void not_run(const Due& due, schema::AccessOutcome outcome, const std::string& why);
  void spend(std::size_t member, std::uint64_t bytes);

  const std::vector<SpeedMember> members_;
  const Clock& clock_;
  SpeedJudge& judge_;
  methods::TestTimes& times_;
  const Report report_;
  std::vector<DataBudget> budgets_;
  // Of each member and method what the last test moved, which the next one is expected to move; 0: not known.
  std::vector<std::array<std::uint64_t, kSpeedMethods>> last_bytes_;
  std::vector<WallTime> not_before_;  // tests of each member that start earlier are done
  std::mutex mutex_;
  std::condition_variable changed_;
  Plan plan_;              // guarded
  bool new_plan_ = false;  // guarded
  std::atomic<bool> ending_{false};
  std::stop_source stop_;  // asked together with ending_
  std::thread thread_;
};

}  // namespace gnomon::probe
