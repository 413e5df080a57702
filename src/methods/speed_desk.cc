#include "methods/speed_desk.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/hex.h"

namespace gnomon::methods {

namespace {

// How often those that wait are looked at beside the line's own moves, for their time limits.
constexpr Nanoseconds kLook = std::chrono::milliseconds(250);

tl::unexpected<Error> no_ticket(const std::string& id) {
  return failure(ErrorCode::kNotFound, "find speed ticket", id, "there is none, or it was not used in time",
                 "take another one");
}

}  // namespace

SpeedDesk::SpeedDesk(SpeedQueue& queue, const Clock& clock, Random& random, SpeedDeskOptions options)
    : queue_(queue), clock_(clock), random_(random), options_(options), thread_([this] { run(); }) {}

SpeedDesk::~SpeedDesk() {
  stop();
}

void SpeedDesk::stop() {
  std::list<WalkIn> left;
  std::map<std::string, Held> tickets;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
    left.swap(walk_ins_);
    tickets.swap(tickets_);
  }
  changed_.notify_all();
  thread_.join();
  for (WalkIn& one : left) one.told(tl::unexpected(NotNow{"the server is stopping", std::chrono::seconds(10)}));
  for (auto& [id, held] : tickets) {
    if (held.told) held.told(no_ticket(id));
  }
}

void SpeedDesk::run() {
  std::uint64_t seen = 0;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopped_ || !walk_ins_.empty() || !tickets_.empty(); });
      if (stopped_) return;
    }
    seen = queue_.wait_for_move(seen, kLook);
    Actions actions;
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      look_at_walk_ins(actions);
      look_at_tickets(actions);
    }
    for (const auto& action : actions) action();
  }
}

// Under the mutex.
void SpeedDesk::look_at_walk_ins(Actions& actions) {
  for (auto one = walk_ins_.begin(); one != walk_ins_.end();) {
    const Ahead ahead = one->place.ahead();
    if (ahead.tests == 0) {
      Turn turn = std::make_shared<SpeedQueue::Place>(std::move(one->place));
      // Handed on: it must not live on in here.
      actions.emplace_back([told = std::move(one->told), turn]() mutable { told(std::move(turn)); });
      turn.reset();
    } else if (clock_.now() >= one->until) {
      NotNow refusal{
          fmt::format("{} speed {} before this one", ahead.tests, ahead.tests == 1 ? "test is" : "tests are"),
          ahead.time};
      actions.emplace_back([told = std::move(one->told), refusal] { told(tl::unexpected(refusal)); });
    } else {
      ++one;
      continue;
    }
    one = walk_ins_.erase(one);
  }
}

// Under the mutex.
void SpeedDesk::look_at_tickets(Actions& actions) {
  const MonotonicTime now = clock_.now();
  for (auto at = tickets_.begin(); at != tickets_.end();) {
    auto& [id, held] = *at;
    const Ahead ahead = held.place.ahead();
    if (held.told && (ahead.tests != held.before || now >= held.until)) {
      held.seen = now;
      actions.emplace_back([told = std::exchange(held.told, {}), ticket = Ticket{id, ahead}] { told(ticket); });
    }
    const bool is_forgotten = !held.runs && !held.told && now - held.seen >= options_.forgotten_after;
    at = is_forgotten ? tickets_.erase(at) : std::next(at);
  }
}

void SpeedDesk::wait_for_turn(std::string who, ToldTurn told) {
  auto place = queue_.enter(std::move(who), options_.one_test);
  if (!place) {
    told(tl::unexpected(NotNow{place.error().message(), options_.most_wait}));
    return;
  }
  const bool is_first = place->ahead().tests == 0;
  if (!is_first) {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      walk_ins_.push_back({std::move(*place), clock_.now() + options_.most_wait, std::move(told)});
      changed_.notify_all();
      return;
    }
  }
  if (is_first) {
    told(Turn(std::make_shared<SpeedQueue::Place>(std::move(*place))));
  } else {
    told(tl::unexpected(NotNow{"the server is stopping", std::chrono::seconds(10)}));
  }
}

Result<SpeedDesk::Ticket> SpeedDesk::take_ticket(std::string who, int tests) {
  tests = std::clamp(tests, 1, kMostTestsOfTicket);
  auto place = queue_.enter(std::move(who), options_.one_test_of_ticket * tests);
  if (!place) return tl::unexpected(place.error());
  std::array<std::byte, 16> number{};
  random_.fill(number);
  Ticket ticket{to_hex(number), place->ahead()};
  const std::lock_guard lock(mutex_);
  if (stopped_) return failure(ErrorCode::kUnavailable, "take speed ticket", "", "the server is stopping");
  Held held{std::move(*place), clock_.now()};
  held.tests_left = tests;
  tickets_.emplace(ticket.id, std::move(held));
  changed_.notify_all();
  return ticket;
}

void SpeedDesk::watch_ticket(const std::string& id, std::size_t before, Nanoseconds most, ToldTicket told) {
  ToldTicket earlier;
  Result<Ticket> now = no_ticket(id);
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = tickets_.find(id); found != tickets_.end()) {
      Held& held = found->second;
      now = Ticket{id, held.place.ahead()};
      earlier = std::exchange(held.told, {});
      held.seen = clock_.now();
      if (now->ahead.tests == before) {
        held.before = before;
        held.until = held.seen + most;
        held.told = std::exchange(told, {});
      }
    }
  }
  if (earlier) earlier(now);
  if (told) told(now);
}

Result<SpeedDesk::Turn> SpeedDesk::turn_of_ticket(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return no_ticket(id);
  Held& held = found->second;
  if (held.runs || held.tests_left == 0)
    return failure(ErrorCode::kConflict, "begin speed test with ticket", id, "one runs with it already");
  if (const Ahead ahead = held.place.ahead(); ahead.tests > 0) {
    return failure(ErrorCode::kUnavailable, "begin speed test with ticket", id,
                   fmt::format("it is not its turn, {} are before it", ahead.tests));
  }
  held.runs = true;
  --held.tests_left;
  return Turn(nullptr, [this, id](void*) { ended(id); });
}

void SpeedDesk::ended(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = tickets_.find(id);
  if (found == tickets_.end()) return;
  found->second.runs = false;
  found->second.seen = clock_.now();
  if (found->second.tests_left <= 0) tickets_.erase(found);
}

Status SpeedDesk::give_back(const std::string& id) {
  ToldTicket told;
  {
    const std::lock_guard lock(mutex_);
    const auto found = tickets_.find(id);
    if (found == tickets_.end()) return no_ticket(id);
    told = std::exchange(found->second.told, {});
    found->second.tests_left = 0;
    if (!found->second.runs) tickets_.erase(found);
  }
  if (told) told(no_ticket(id));
  return {};
}

}  // namespace gnomon::methods
