#include "server/visitor_tests.h"

#include <algorithm>

#include "core/log.h"
#include "core/version.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"
#include "server/address_prefix.h"

namespace gnomon::server {

namespace {

constexpr Nanoseconds kHour = std::chrono::hours(1);
constexpr std::size_t kNewest = 256;

std::int64_t unix_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.since_epoch).count();
}

}  // namespace

VisitorTests::VisitorTests(VisitorBook& book, crypto::PrivateKey key, const Clock& clock, Random& random,
                           VisitorOptions options)
    : book_(book),
      key_(std::move(key)),
      identity_(crypto::probe_id(key_.public_key())),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      sequence_(book.newest_sequence(identity_)) {
  if (!options_.background) return;
  thread_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return stopped_; })) {
      lock.unlock();
      sweep();
      lock.lock();
    }
  });
}

VisitorTests::~VisitorTests() {
  stop();
}

void VisitorTests::stop() {
  std::map<std::string, Visit> left;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    left.swap(visits_);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (auto& [ticket, visit] : left) {
    Told told = std::exchange(visit.told, {});
    auto kept = keep(std::move(visit));
    if (told) told(std::move(kept));
  }
}

std::shared_ptr<VisitorTests::Test> VisitorTests::begin(std::string ticket, std::string_view address) {
  const auto let_go = [this](Test* test) {
    if (!test->is_over) leave(*test, std::nullopt);
    delete test;
  };
  std::shared_ptr<Test> test(new Test{std::move(ticket), address_prefix(address), clock_.wall()}, let_go);
  if (test->ticket.empty()) return test;
  const std::lock_guard lock(mutex_);
  Visit& visit = visits_[test->ticket];
  visit.network = test->network;
  visit.last = clock_.now();
  ++visit.running;
  return test;
}

void VisitorTests::ended(Test& test, const methods::ndt7::RunResult& run) {
  test.is_over = true;
  std::optional<schema::AccessResult> result;
  if (run.elapsed >= options_.least) {
    result = visitor_result(run, test.start, options_.planned, options_.server_name);
  }
  leave(test, std::move(result));
}

void VisitorTests::leave(const Test& test, std::optional<schema::AccessResult> result) {
  Visit whole;
  if (test.ticket.empty()) {
    whole.network = test.network;
    if (result) whole.results.push_back(std::move(*result));
  } else {
    const std::lock_guard lock(mutex_);
    const auto found = visits_.find(test.ticket);
    if (found == visits_.end()) return;  // stopped
    Visit& visit = found->second;
    if (result) visit.results.push_back(std::move(*result));
    visit.last = clock_.now();
    if (--visit.running > 0 || !visit.told) return;
    whole = std::move(visit);
    visits_.erase(found);
  }
  const Told told = std::exchange(whole.told, {});
  auto kept = keep(std::move(whole));
  if (told) told(std::move(kept));
}

void VisitorTests::finish(VisitorWord word, Told told) {
  Visit whole;
  {
    const std::lock_guard lock(mutex_);
    const auto found = visits_.find(word.ticket);
    if (found != visits_.end()) {
      if (found->second.told) {
        told(failure(ErrorCode::kConflict, "keep speed test", {}, "its page has asked already"));
        return;
      }
      found->second.word = std::move(word);
      if (found->second.running > 0) {
        found->second.told = std::move(told);
        return;
      }
      whole = std::move(found->second);
      visits_.erase(found);
    }
  }
  told(keep(std::move(whole)));
}

void VisitorTests::sweep() {
  std::vector<Visit> left;
  {
    const std::lock_guard lock(mutex_);
    const MonotonicTime now = clock_.now();
    std::erase_if(visits_, [&](auto& entry) {
      if (entry.second.running > 0 || now - entry.second.last < options_.keep) return false;
      left.push_back(std::move(entry.second));
      return true;
    });
  }
  for (Visit& visit : left) (void)keep(std::move(visit));
}

// Under the mutex.
bool VisitorTests::may_keep(const std::string& network) {
  const MonotonicTime now = clock_.now();
  while (!kept_.empty() && now - kept_.front().first >= kHour) kept_.pop_front();
  const auto own = std::ranges::count(kept_, network, &std::pair<MonotonicTime, std::string>::second);
  if (kept_.size() >= options_.most_an_hour || static_cast<std::size_t>(own) >= options_.most_of_one) return false;
  kept_.emplace_back(now, network);
  return true;
}

Result<VisitorTests::Kept> VisitorTests::keep(Visit visit) {
  if (visit.results.empty()) {
    return failure(ErrorCode::kNotFound, "keep speed test", {}, "no test that could be kept ran with this ticket");
  }
  {
    const std::lock_guard lock(mutex_);
    if (!may_keep(visit.network)) {
      return failure(ErrorCode::kUnavailable, "keep speed test", {},
                     "many results of your network were kept within the hour", "the figures on the page hold");
    }
  }
  add_word(visit.word, visit.results);
  const std::lock_guard keeping(keeping_);
  Kept kept;
  kept.id = make_result_id(visit.results.front().start, random_);
  auto record = book_.keep(sign(visit.results, sequence_ + 1, kept.id));
  if (!record) {
    log::warning("a visitor's speed test was not kept: {}", record.error().message());
    return tl::unexpected(record.error());
  }
  ++sequence_;
  kept.record = *record;
  const std::lock_guard lock(mutex_);
  newest_.emplace_back(visit.results.front().plan_item, kept.record);
  if (newest_.size() > kNewest) newest_.pop_front();
  return kept;
}

std::string VisitorTests::sign(std::vector<schema::AccessResult>& results, std::uint64_t sequence,
                               const std::string& id) const {
  const std::string plan_item = read_result_id(id)->plan_item;
  v1::Batch batch;
  batch.set_probe_id(identity_.bytes.data(), identity_.bytes.size());
  batch.set_sequence(sequence);
  batch.set_base_unix_ms(unix_ms(results.front().start));
  batch.set_created_unix_ms(unix_ms(clock_.wall()));
  batch.set_program_version(std::string(version()));
  batch.set_probe_name(std::string(kVisitors));
  batch.set_site(std::string(kVisitors));
  for (schema::AccessResult& result : results) {
    result.plan_item = plan_item;
    schema::append(batch, result);
  }
  return schema::sign_batch(batch, key_);
}

Result<std::uint64_t> VisitorTests::record_of(std::string_view id) {
  const auto name = read_result_id(id);
  if (!name) {
    return failure(ErrorCode::kNotFound, "find speed test", {}, "this is no result's id", "copy the whole link");
  }
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(newest_, name->plan_item, &std::pair<std::string, std::uint64_t>::first);
    if (found != newest_.end()) return found->second;
  }
  return book_.find(identity_, name->start, name->plan_item);
}

}  // namespace gnomon::server
