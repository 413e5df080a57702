#include "probe/speed_runner.h"

#include <fstream>

#include "core/log.h"
#include "net/resolve.h"

namespace gnomon::probe {

namespace {

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

}  // namespace

SpeedRunner::SpeedRunner(std::vector<SpeedMember> members, const Clock& clock, SpeedJudge& judge,
                         methods::TestTimes& times, Report report)
    : members_(std::move(members)),
      clock_(clock),
      judge_(judge),
      times_(times),
      report_(std::move(report)),
      last_bytes_(members_.size()),
      not_before_(members_.size(), clock.wall()) {
  for (const SpeedMember& member : members_) budgets_.push_back(budget_of(member));
  thread_ = std::thread([this] { run(); });
}

SpeedRunner::~SpeedRunner() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  stop_.request_stop();
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
    begin(*due);
    lock.lock();
  }
}

// A test that is not begun is told, too: who reads the figures must see that one is missing, and why.
void SpeedRunner::not_run(const Due& due, schema::AccessOutcome outcome, const std::string& why) {
  log::warning("probe {}: speed test {} to {}: {}", members_[due.member].place.name, due.test.item, due.test.target,
               why);
  auto result = head_of(due.test, schema::AccessDirection::kBoth, clock_.wall());
  result.outcome = outcome;
  report_(due.member, std::move(result));
}

void SpeedRunner::begin(const Due& due) {
  using schema::AccessOutcome;
  const DueTest& test = due.test;
  const SpeedMember& member = members_[due.member];
  const WallTime now = clock_.wall();
  if (now > test.latest) return not_run(due, AccessOutcome::kNotRun, "its time was over before it could begin");
  std::uint64_t& expected = last_bytes_[due.member][static_cast<std::size_t>(test.method)];
  if (!budgets_[due.member].allows(now, ByteCount{std::max<std::uint64_t>(1, expected)})) {
    return not_run(due, AccessOutcome::kNotRun, "this month's data (limits.data_per_month) is used up");
  }
  const auto addresses = net::resolve(test.address.empty() ? test.host : test.address, test.family);
  if (!addresses) return not_run(due, AccessOutcome::kNoAddress, addresses.error().message());
  std::uint64_t moved = 0;
  SpeedJob job{test,
               {addresses->front(), test.port},
               member.space,
               clock_,
               judge_,
               times_,
               member.place.name,
               ending_,
               stop_.get_token(),
               {}};
  job.give = [&](schema::AccessResult result) {
    moved += result.moved_bytes;
    spend(due.member, result.moved_bytes);
    report_(due.member, std::move(result));
  };
  carry_out(job);
  if (moved > 0) expected = moved;
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
