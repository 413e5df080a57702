#include "methods/speed_queue.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::methods {

struct SpeedQueue::Place::Test {
  std::string who;
  Nanoseconds length{};
  std::shared_ptr<net::SocketSpace> where;
  std::optional<MonotonicTime> begun;  // when it came to the front
  std::unique_ptr<TestTimes::Running> noted;
};

struct SpeedQueue::Place::State {
  State(const Clock& its_clock, Options its_options) : clock(its_clock), options(its_options) {}
  const Clock& clock;
  const Options options;
  mutable std::mutex mutex;
  std::condition_variable moved;
  std::list<Test> line;  // the first one runs
  std::uint64_t moves = 1;
  TestTimes* times = nullptr;

  // Under the mutex.
  void move_up() {
    if (!line.empty() && !line.front().begun) {
      Test& first = line.front();
      first.begun = clock.now();
      if (times != nullptr) first.noted = std::make_unique<TestTimes::Running>(*times, clock, *first.where);
    }
    ++moves;
    moved.notify_all();
  }
  // Under the mutex. What the tests before `end` still need.
  [[nodiscard]] Ahead before(std::list<Test>::const_iterator end) const {
    Ahead ahead;
    for (auto test = line.begin(); test != end; ++test, ++ahead.tests) {
      const Nanoseconds used = test->begun ? clock.now() - *test->begun : Nanoseconds{};
      ahead.time += std::max(Nanoseconds{}, test->length - used);
    }
    return ahead;
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
  return state_->moved.wait_for(lock, most, [this] { return test_ == state_->line.begin(); });
}

void SpeedQueue::Place::leave() {
  if (!state_) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->line.erase(test_);
    state_->move_up();
  }
  state_.reset();
}

SpeedQueue::SpeedQueue(const Clock& clock, Options options) : state_(std::make_shared<Place::State>(clock, options)) {}

void SpeedQueue::mark(TestTimes& times) {
  const std::lock_guard lock(state_->mutex);
  state_->times = &times;
}

Result<SpeedQueue::Place> SpeedQueue::enter(std::string who, Nanoseconds length,
                                            std::shared_ptr<net::SocketSpace> where) {
  const std::lock_guard lock(state_->mutex);
  auto& line = state_->line;
  const auto own = std::ranges::count(line, who, &Place::Test::who);
  const bool is_full = line.size() > state_->options.most_waiting;
  if (is_full || static_cast<std::size_t>(own) >= state_->options.most_of_one) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(state_->before(line.end()).time).count();
    return failure(ErrorCode::kUnavailable, "start a speed test for", std::move(who),
                   is_full ? fmt::format("{} tests wait already", line.size() - 1)
                           : fmt::format("{} tests of this address wait or run already", own),
                   fmt::format("try again in {} s", seconds));
  }
  line.push_back({std::move(who), length, std::move(where), {}, {}});
  const auto place = std::prev(line.end());
  state_->move_up();
  return Place(state_, place);
}

std::size_t SpeedQueue::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->line.empty() ? 0 : state_->line.size() - 1;
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
