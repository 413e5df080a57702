#include "methods/speed_queue.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::methods {

namespace {

// A socket of both families names an IPv4 client "::ffff:192.0.2.1" (RFC 4291 §2.5.5.2): the same client as elsewhere.
std::string_view plain_address(std::string_view who) {
  constexpr std::string_view kMapped = "::ffff:";
  const bool is_mapped = who.starts_with(kMapped) && who.find('.') != std::string_view::npos;
  return is_mapped ? who.substr(kMapped.size()) : who;
}

}  // namespace

struct SpeedQueue::Place::Test {
  std::string who;
  Nanoseconds length{};
  bool is_session = false;
  bool is_within = false;                // a session that has its turn, which stands first in the line
  std::optional<MonotonicTime> begun;    // when it had its turn
  std::optional<MonotonicTime> quiet{};  // of a session: since when no test runs within it
  std::shared_ptr<net::SocketSpace> where{};
  std::unique_ptr<TestTimes::Running> noted{};
};

struct SpeedQueue::Place::State {
  State(const Clock& its_clock, Options its_options) : clock(its_clock), options(its_options) {}
  const Clock& clock;
  const Options options;
  mutable std::mutex mutex;
  std::condition_variable moved;
  std::list<Test> line;  // the first one runs; right behind a session its own tests, of which the first runs
  std::uint64_t moves = 1;
  TestTimes* times = nullptr;

  // All of these under the mutex.
  [[nodiscard]] bool has_session() const { return !line.empty() && line.front().is_session; }
  // Where a test within the session of the front stands at last; line.begin() without one.
  [[nodiscard]] std::list<Test>::iterator end_of_session() {
    if (!has_session()) return line.begin();
    return std::find_if(std::next(line.begin()), line.end(), [](const Test& test) { return !test.is_within; });
  }
  void begin(Test& test) {
    if (test.begun) return;
    test.begun = clock.now();
    // A session is quiet between its tests, so nothing of it is noted but they.
    if (times != nullptr && !test.is_session)
      test.noted = std::make_unique<TestTimes::Running>(*times, clock, *test.where);
  }
  void move_up() {
    if (!line.empty()) begin(line.front());
    if (has_session()) {
      const auto own = std::next(line.begin());
      const bool runs = own != line.end() && own->is_within;
      if (runs) begin(*own);
      auto& quiet = line.front().quiet;
      quiet = runs ? std::nullopt : quiet ? quiet : clock.now();
    }
    ++moves;
    moved.notify_all();
  }
  // What the tests before this one still need. A session's time holds that of its tests.
  [[nodiscard]] Ahead before(std::list<Test>::const_iterator end) const {
    Ahead ahead;
    for (auto test = line.begin(); test != end; ++test) {
      if (end->is_within ? test->is_session : test->is_within) continue;
      const Nanoseconds used = test->begun ? clock.now() - *test->begun : Nanoseconds{};
      ahead.time += std::max(Nanoseconds{}, test->length - used);
      ++ahead.tests;
    }
    return ahead;
  }
  [[nodiscard]] Ahead before_new() const {
    Ahead ahead;
    if (line.empty()) return ahead;
    ahead = before(std::prev(line.end()));
    const Test& last = line.back();
    const Nanoseconds used = last.begun ? clock.now() - *last.begun : Nanoseconds{};
    return {ahead.tests + 1, ahead.time + std::max(Nanoseconds{}, last.length - used)};
  }
};

SpeedQueue::Place& SpeedQueue::Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  leave();
  state_ = std::move(other.state_);
  test_ = other.test_;
  return *this;
}

SpeedQueue::Ahead SpeedQueue::Place::ahead() const {
  const std::lock_guard lock(state_->mutex);
  return state_->before(test_);
}

bool SpeedQueue::Place::wait(Nanoseconds most) {
  std::unique_lock lock(state_->mutex);
  return state_->moved.wait_for(lock, most, [this] { return state_->before(test_).tests == 0; });
}

void SpeedQueue::Place::leave() {
  if (!state_) return;
  {
    const std::lock_guard lock(state_->mutex);
    // Its tests that still run or wait come before the others, but are on their own.
    if (test_->is_session && test_ == state_->line.begin()) {
      std::for_each(std::next(test_), state_->end_of_session(), [](Test& test) { test.is_within = false; });
    }
    state_->line.erase(test_);
    state_->move_up();
  }
  state_.reset();
}

bool SpeedQueue::Place::is_followed_by_own() const {
  const std::lock_guard lock(state_->mutex);
  const auto next = std::next(test_);
  return next != state_->line.end() && next->who == test_->who;
}

Nanoseconds SpeedQueue::Place::quiet() const {
  const std::lock_guard lock(state_->mutex);
  return test_->quiet ? state_->clock.now() - *test_->quiet : Nanoseconds{};
}

SpeedQueue::SpeedQueue(const Clock& clock, Options options) : state_(std::make_shared<Place::State>(clock, options)) {}

void SpeedQueue::mark(TestTimes& times) {
  const std::lock_guard lock(state_->mutex);
  state_->times = &times;
}

Result<SpeedQueue::Place> SpeedQueue::enter(std::string who, Nanoseconds length,
                                            std::shared_ptr<net::SocketSpace> where) {
  return enter(std::move(who), length, std::move(where), false);
}

Result<SpeedQueue::Place> SpeedQueue::enter_session(std::string who, Nanoseconds length) {
  return enter(std::move(who), length, nullptr, true);
}

Result<SpeedQueue::Place> SpeedQueue::enter(std::string who, Nanoseconds length,
                                            std::shared_ptr<net::SocketSpace> where, bool as_session) {
  who = plain_address(who);
  const std::lock_guard lock(state_->mutex);
  auto& line = state_->line;
  const auto own = std::ranges::count(line, who, &Place::Test::who);
  const bool is_full = line.size() > state_->options.most_waiting;
  if (is_full || static_cast<std::size_t>(own) >= state_->options.most_of_one) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(state_->before_new().time).count();
    return failure(ErrorCode::kUnavailable, "start a speed test for", std::move(who),
                   is_full ? fmt::format("{} tests wait already", line.size() - 1)
                           : fmt::format("{} tests of this address wait or run already", own),
                   fmt::format("try again in {} s", seconds));
  }
  Place::Test test;
  test.who = std::move(who);
  test.length = length;
  test.where = std::move(where);
  test.is_session = as_session;
  test.is_within = !as_session && state_->has_session() && line.front().who == test.who;
  const auto place = line.insert(test.is_within ? state_->end_of_session() : line.end(), std::move(test));
  state_->move_up();
  return Place(state_, place);
}

std::size_t SpeedQueue::waiting() const {
  const std::lock_guard lock(state_->mutex);
  std::size_t tests = 0;
  for (auto test = state_->line.cbegin(); test != state_->line.cend(); ++test) {
    tests += state_->before(test).tests > 0 ? 1 : 0;
  }
  return tests;
}

bool SpeedQueue::is_free_for(std::string_view who) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->line.empty()) return true;
  const auto own = state_->end_of_session();
  return state_->has_session() && state_->line.front().who == plain_address(who) &&
         own == std::next(state_->line.begin());
}

std::uint64_t SpeedQueue::wait_for_move(std::uint64_t seen, Nanoseconds most) const {
  std::unique_lock lock(state_->mutex);
  state_->moved.wait_for(lock, most, [&] { return state_->moves != seen; });
  return state_->moves;
}
bool SpeedQueue::running() const {
  const std::lock_guard lock(state_->mutex);
  return !state_->line.empty();
}

}  // namespace gnomon::methods
