#include "probe/speed_runner.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/random.h"
#include "methods/capacity/server.h"

namespace gnomon::probe {
namespace {

using methods::capacity::Listener;
using methods::capacity::Server;
using schema::AccessOutcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The system's clock at another time of day.
class ShiftedClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return system_.now(); }
  [[nodiscard]] WallTime wall() const override { return system_.wall() + shift_; }
  void set_wall(WallTime wall) { shift_ = wall - system_.wall(); }

 private:
  SystemClock system_;
  Nanoseconds shift_{};
};

class FewSamples final : public SpeedJudge {
 public:
  bool is_enough(const schema::Transfer& transfer, Nanoseconds) override { return transfer.samples.size() >= 3; }
  void judge(const methods::capacity::TcpCapacity& capacity, Nanoseconds, schema::AccessResult& out) override {
    out.moved_bytes = capacity.transfer.samples.empty() ? 0 : capacity.transfer.samples.back().received_bytes;
  }
  void judge_limit(const schema::Transfer&, schema::AccessResult&) override {}
};

class SpeedRunnerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / fmt::format("gnomon-runner-{}", ::getpid());
    std::filesystem::create_directories(folder_);
    auto started = Server::start({Listener{{net::Address::loopback(Family::kIpv4), Port{0}}}}, clock_, random_, queue_);
    ASSERT_TRUE(started) << started.error().message();
    server_ = std::move(*started);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A plan with one test to the server, whose time comes some milliseconds from now.
  Plan due_plan(const std::string& limits = "") {
    const std::string text = fmt::format(
        "targets: {{there: {{addresses: 127.0.0.1, site: there}}}}\n{}"
        "speed: [{{name: access, from: all, to: there, every: 1h, time: 5s, port: {}}}]\n",
        limits, server_->endpoints()[0].port.value);
    const PlanReading reading = parse_plan(text);
    EXPECT_TRUE(reading.plan) << describe(reading.faults, "plan");
    Plan plan = reading.plan.value_or(Plan{});
    const auto due = next_test(plan, kPlace, clock_.wall());
    EXPECT_TRUE(due);
    if (due) clock_.set_wall(due->start - milliseconds(20));
    return plan;
  }
  std::unique_ptr<SpeedRunner> run(const Plan& plan) {
    std::vector<SpeedMember> members{{kPlace, net::host_space(), (folder_ / "data-of-month").string()}};
    auto runner = std::make_unique<SpeedRunner>(std::move(members), clock_, judge_, times_,
                                                [this](std::size_t, schema::AccessResult result) {
                                                  const std::lock_guard lock(mutex_);
                                                  results_.push_back(std::move(result));
                                                  came_.notify_all();
                                                });
    runner->use_plan(plan);
    return runner;
  }
  std::vector<schema::AccessResult> wait_for(std::size_t results) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(came_.wait_for(lock, seconds(60), [&] { return results_.size() >= results; }));
    return results_;
  }
  std::string budget_line() const {
    std::ifstream file(folder_ / "data-of-month");
    std::string line;
    std::getline(file, line);
    return line;
  }

  static inline const Place kPlace{"here", "here", "5g"};
  std::filesystem::path folder_;
  ShiftedClock clock_;
  SystemRandom random_;
  methods::SpeedQueue queue_{clock_};
  std::unique_ptr<Server> server_;
  FewSamples judge_;
  methods::TestTimes times_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<schema::AccessResult> results_;
};

TEST_F(SpeedRunnerTest, TestsBothDirectionsWhenTheirTimeComes) {
  const Plan plan = due_plan();
  const WallTime before = clock_.wall();
  auto runner = run(plan);
  const auto results = wait_for(2);
  ASSERT_EQ(results.size(), 2U);
  for (const auto& result : results) {
    EXPECT_EQ(result.outcome, AccessOutcome::kDone);
    EXPECT_EQ(result.plan_item, "access");
    EXPECT_EQ(result.target_site, "there");
    EXPECT_EQ(result.address, "127.0.0.1");
    EXPECT_EQ(result.family, 4U);
    EXPECT_EQ(result.method, "tcp");
    EXPECT_GT(result.moved_bytes, 0U);
    EXPECT_EQ(schema::fault_of(result), "");
  }
  EXPECT_EQ(results[0].direction, schema::AccessDirection::kDown);
  EXPECT_EQ(results[1].direction, schema::AccessDirection::kUp);
  runner.reset();
  EXPECT_TRUE(times_.overlaps(*net::host_space(), before, clock_.wall()));
  DataBudget budget(std::nullopt);
  ASSERT_TRUE(budget.restore(budget_line())) << budget_line();
  EXPECT_EQ(budget.used(clock_.wall()).value, results[0].moved_bytes + results[1].moved_bytes);
}

TEST_F(SpeedRunnerTest, AUsedUpBudgetIsReportedAndNothingIsMoved) {
  const Plan plan = due_plan("limits: {data_per_month: 1kB}\n");
  DataBudget used(std::nullopt);
  used.spend(clock_.wall(), ByteCount{1'000});
  std::ofstream(folder_ / "data-of-month") << used.text() << '\n';
  const auto runner = run(plan);
  const auto results = wait_for(1);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].outcome, AccessOutcome::kNotRun);
  EXPECT_EQ(results[0].direction, schema::AccessDirection::kBoth);
  EXPECT_EQ(server_->counters().tests, 0U);
}

TEST_F(SpeedRunnerTest, AServerThatIsNotThereIsAResult) {
  const Plan plan = due_plan();
  server_.reset();
  const auto runner = run(plan);
  const auto results = wait_for(2);
  for (const auto& result : results) EXPECT_EQ(result.outcome, AccessOutcome::kUnreachable);
}

TEST_F(SpeedRunnerTest, ATestThatRunsEndsWithTheRunner) {
  class Never final : public SpeedJudge {
   public:
    bool is_enough(const schema::Transfer& transfer, Nanoseconds) override {
      seen = transfer.samples.size();
      running.notify_all();  // with each sample: a wake-up that is missed comes again
      return false;
    }
    void judge(const methods::capacity::TcpCapacity&, Nanoseconds, schema::AccessResult&) override {}
    void judge_limit(const schema::Transfer&, schema::AccessResult&) override {}
    std::condition_variable running;
    std::atomic<std::size_t> seen{0};
  } never;
  const Plan plan = due_plan();
  std::vector<SpeedMember> members{{kPlace, net::host_space(), (folder_ / "data-of-month").string()}};
  auto runner = std::make_unique<SpeedRunner>(std::move(members), clock_, never, times_,
                                              [](std::size_t, const schema::AccessResult&) {});
  runner->use_plan(plan);
  {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(never.running.wait_for(lock, seconds(60), [&] { return never.seen >= 3; }));
  }
  const MonotonicTime asked = clock_.now();
  runner.reset();
  EXPECT_LT(clock_.now() - asked, seconds(4));  // the test would take 5 s
}

}  // namespace
}  // namespace gnomon::probe
