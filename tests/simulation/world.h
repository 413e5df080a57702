#pragma once

// Virtual time, one seed's randomness, and what will happen: everything in a simulated run takes its turn here, on one
// thread, in an order that the seed alone decides.

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/random.h"

namespace gnomon::simulation {

class World {
 public:
  explicit World(std::uint64_t seed, bool trace) : random(seed), trace_(trace) {}

  SeededRandom random;
  std::uint64_t numbers = 0;  // given out so far, each once
  [[nodiscard]] bool chance(unsigned percent) { return random.next() % 100 < percent; }
  // Evenly in [least, most).
  [[nodiscard]] Nanoseconds between(Nanoseconds least, Nanoseconds most) {
    return least +
           Nanoseconds(static_cast<std::int64_t>(random.uniform() * static_cast<double>((most - least).count())));
  }
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random.next() % limit; }

  [[nodiscard]] Nanoseconds now() const { return now_; }
  void in(Nanoseconds delay, std::function<void()> happen) {
    events_.push({now_ + delay, next_order_++, std::move(happen)});
  }
  // Until then, or until the first violation, or until somebody ends it.
  void run_until(Nanoseconds end) {
    while (!over_ && !events_.empty() && events_.top().at < end) {
      // The queue's top cannot be moved from; the function is small.
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      ++events_run_;
      event.happen();
    }
    if (!over_) now_ = end;
  }
  void end() { over_ = true; }
  [[nodiscard]] std::uint64_t events_run() const { return events_run_; }

  // A promise that was broken: the first is kept, and the run ends.
  void violate(std::string_view invariant, std::string what) {
    if (!violation_.empty()) return;
    invariant_ = invariant;
    violation_ = std::move(what);
    over_ = true;
  }
  [[nodiscard]] const std::string& invariant() const { return invariant_; }
  [[nodiscard]] const std::string& violation() const { return violation_; }

  // Part of the run's fingerprint, and with a trace a line of it.
  template <typename... Args>
  void tell(std::string_view who, fmt::format_string<Args...> format, Args&&... args) {
    mix(who);
    if (trace_) print(who, fmt::format(format, std::forward<Args>(args)...));
  }
  void mix(std::string_view bytes) {
    for (const char c : bytes) fingerprint_ = (fingerprint_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    fingerprint_ = (fingerprint_ ^ static_cast<std::uint64_t>(now_.count())) * 0x100000001b3;
  }
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }
  [[nodiscard]] bool traces() const { return trace_; }

  // Troubles stop here; what follows must bring everything to rest.
  [[nodiscard]] bool healed() const { return healed_; }
  void heal() { healed_ = true; }

 private:
  struct Event {
    Nanoseconds at;
    std::uint64_t order;
    std::function<void()> happen;
    bool operator<(const Event& other) const {
      return at != other.at ? at > other.at : order > other.order;  // the soonest is on top
    }
  };
  void print(std::string_view who, const std::string& line) const;

  const bool trace_;
  Nanoseconds now_{};
  std::priority_queue<Event> events_;
  std::uint64_t next_order_ = 0;
  std::uint64_t events_run_ = 0;
  std::uint64_t fingerprint_ = 0xcbf29ce484222325;
  bool over_ = false;
  bool healed_ = false;
  std::string invariant_;
  std::string violation_;
};

}  // namespace gnomon::simulation
