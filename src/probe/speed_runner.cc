#include "probe/speed_runner.h"

#include <fstream>

#include "core/log.h"
#include "core/version.h"
#include "net/resolve.h"

namespace gnomon::probe {

namespace {

namespace capacity = methods::capacity;

// How often the wall clock is looked at while a test is awaited: it may be set.
constexpr Nanoseconds kLook = std::chrono::seconds(5);

DataBudget budget_of(const SpeedMember& member) {
  DataBudget budget(std::nullopt);
  std::ifstream file(member.budget_file);
  std::string line;
  if (std::getline(file, line) && !budget.restore(line)) {
    log::warning("probe {}: {} says nothing of a month's data: counting begins anew", member.place.name,
                 member.budget_file);
  }
  return budget;
}

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

schema::AccessOutcome outcome_of(const Error& error) {
  if (error.operation.starts_with("test with")) return schema::AccessOutcome::kRefused;
  if (error.operation.starts_with("wait for")) return schema::AccessOutcome::kTimedOut;
  return schema::AccessOutcome::kUnreachable;
}

// Stops a direction as soon as the judge has enough.
class Sink final : public capacity::TransferSink {
 public:
  Sink(SpeedJudge& judge, Nanoseconds most) : judge_(judge), most_(most) {}
  void on_wait(std::uint64_t, Nanoseconds) override {}
  bool on_sample(const schema::Transfer& transfer) override { return judge_.is_enough(transfer, most_); }

 private:
  SpeedJudge& judge_;
  Nanoseconds most_;
};

}  // namespace

SpeedRunner::SpeedRunner(std::vector<SpeedMember> members, const Clock& clock, SpeedJudge& judge, TestTimes& times,
                         Report report)
    : members_(std::move(members)),
      clock_(clock),
      judge_(judge),
      times_(times),
      report_(std::move(report)),
      last_bytes_(members_.size(), 0),
      not_before_(members_.size(), clock.wall()) {
  for (const SpeedMember& member : members_) budgets_.push_back(budget_of(member));
  thread_ = std::thread([this] { run(); });
}

SpeedRunner::~SpeedRunner() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SpeedRunner::use_plan(Plan plan) {
  {
    const std::lock_guard lock(mutex_);
    plan_ = std::move(plan);
    new_plan_ = true;
  }
  changed_.notify_all();
}

std::optional<SpeedRunner::Due> SpeedRunner::next() {
  std::optional<Due> first;
  for (std::size_t m = 0; m < members_.size(); ++m) {
    auto test = next_test(plan_, members_[m].place, not_before_[m]);
    if (test && (!first || test->start < first->test.start)) first = Due{m, std::move(*test)};
  }
  return first;
}

void SpeedRunner::run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    new_plan_ = false;
    for (DataBudget& budget : budgets_) budget.set_limit(plan_.limits.data_per_month);
    const auto due = next();
    if (!due) {
      changed_.wait(lock, [this] { return ending_ || new_plan_; });
      continue;
    }
    const Nanoseconds left = due->test.start - clock_.wall();
    if (left > Nanoseconds{}) {
      changed_.wait_for(lock, std::min(left, kLook), [this] { return ending_ || new_plan_; });
      continue;
    }
    not_before_[due->member] = due->test.start + Nanoseconds(1);
    lock.unlock();
    carry_out(*due);
    lock.lock();
  }
}

schema::AccessResult SpeedRunner::result_of(const Due& due, schema::Direction direction) const {
  schema::AccessResult result;
  result.start = clock_.wall();
  result.plan_item = due.test.item;
  result.target = due.test.target;
  result.target_site = due.test.target_site;
  result.address = due.test.address;
  result.port = due.test.port.value;
  result.family = static_cast<std::uint32_t>(due.test.family);
  result.method = "tcp";
  result.direction =
      direction == schema::Direction::kDown ? schema::AccessDirection::kDown : schema::AccessDirection::kUp;
  result.streams = due.test.streams;
  result.layer = schema::ThroughputLayer::kTcp;
  result.software = fmt::format("gnomon {}", version());
  return result;
}

// A test that is not begun is told, too: who reads the figures must see that one is missing, and why.
void SpeedRunner::carry_out(const Due& due) {
  const DueTest& test = due.test;
  const auto not_run = [&](schema::AccessOutcome outcome, const std::string& why) {
    log::warning("probe {}: speed test {} to {}: {}", members_[due.member].place.name, test.item, test.target, why);
    auto result = result_of(due, schema::Direction::kDown);
    result.direction = schema::AccessDirection::kBoth;
    result.outcome = outcome;
    report_(due.member, std::move(result));
  };
  const WallTime now = clock_.wall();
  if (now > test.latest) return not_run(schema::AccessOutcome::kNotRun, "its time was over before it could begin");
  const std::uint64_t expected = 2 * last_bytes_[due.member];
  if (!budgets_[due.member].allows(now, ByteCount{std::max<std::uint64_t>(1, expected)})) {
    return not_run(schema::AccessOutcome::kNotRun, "this month's data (limits.data_per_month) is used up");
  }
  net::Endpoint server{{}, test.port};
  const auto addresses = net::resolve(test.address.empty() ? test.host : test.address, test.family);
  if (!addresses) return not_run(schema::AccessOutcome::kNoAddress, addresses.error().message());
  server.address = addresses->front();
  for (const auto direction : {schema::Direction::kDown, schema::Direction::kUp}) {
    if (ending_ || clock_.wall() > test.end) return;
    test_direction(due, server, direction);
  }
}

void SpeedRunner::test_direction(const Due& due, const net::Endpoint& server, schema::Direction direction) {
  capacity::ClientOptions options;
  options.server = server;
  options.space = members_[due.member].space;
  options.direction = direction;
  options.streams = due.test.streams;
  options.most = due.test.most;
  options.patience = std::max(Nanoseconds{}, due.test.latest - clock_.wall());
  Sink sink(judge_, due.test.most);
  auto result = result_of(due, direction);
  result.address = net::to_string(server.address);
  const MonotonicTime begun = clock_.now();
  Result<capacity::TcpCapacity> measured = failure(ErrorCode::kUnavailable, "", "", "");
  {
    const TestTimes::Running running(times_, clock_, due.member);
    measured = capacity::measure(options, clock_, sink, ending_);
  }
  result.duration = std::chrono::round<std::chrono::milliseconds>(clock_.now() - begun);
  if (!measured) {
    log::warning("probe {}: {}", members_[due.member].place.name, measured.error().message());
    result.outcome = outcome_of(measured.error());
    return report_(due.member, std::move(result));
  }
  result.outcome = outcome_of(measured->ending);
  judge_.judge(*measured, due.test.most, result);
  last_bytes_[due.member] = result.moved_bytes;
  spend(due.member, result.moved_bytes);
  if (measured->ending != capacity::Ending::kCancelled) report_(due.member, std::move(result));
}

void SpeedRunner::spend(std::size_t member, std::uint64_t bytes) {
  budgets_[member].spend(clock_.wall(), ByteCount{bytes});
  const std::string next = members_[member].budget_file + ".new";
  {
    std::ofstream file(next, std::ios::trunc);
    file << budgets_[member].text() << '\n';
  }
  if (std::rename(next.c_str(), members_[member].budget_file.c_str()) != 0) {
    log::warning("probe {}: {} cannot be written: what was moved is forgotten at the next start",
                 members_[member].place.name, members_[member].budget_file);
  }
}

}  // namespace gnomon::probe
