#include "methods/response_change.h"

#include <algorithm>

#include "core/loss_run.h"

namespace gnomon::methods {
namespace {

constexpr std::uint32_t kLeastAnswers = 5;
constexpr double kMemory = 1.0 / 256;                      // weight of the newest packet in the moving average
constexpr Nanoseconds kPeriod = std::chrono::seconds(10);  // of at most two changes

}  // namespace

void ResponseChange::decided(const Decision& decision) {
  if (run_.length == 0 || run_.answered != decision.answered) {
    run_ = Run{};
    run_.answered = decision.answered;
    run_.first = decision.sequence;
    run_.since = decision.sent;
    run_.window = decision.window;
    run_.usual_loss = loss_;
  }
  ++run_.length;
  run_.last = decision.sent;
  if (decision.window == run_.window) {
    ++run_.in_window;
    run_.refused_in_window += decision.refused ? 1 : 0;
  }
  if (answers_) loss_ += ((decision.answered ? 0.0 : 1.0) - loss_) * kMemory;
}

std::uint32_t ResponseChange::needed() const {
  return run_.answered ? kLeastAnswers : losses_beyond_chance(run_.usual_loss);
}

bool ResponseChange::free_to_tell(MonotonicTime now) const {
  return !told_at_[0] || now - *told_at_[0] >= kPeriod;
}

Nanoseconds ResponseChange::missing() const {
  const Nanoseconds length = run_.last - run_.since + interval_;
  const auto packets = static_cast<std::int64_t>(needed()) - static_cast<std::int64_t>(run_.length);
  return std::max({Nanoseconds{}, interval_ * packets, kLeastLength - length});
}

bool ResponseChange::may_change(MonotonicTime now) const {
  return run_.length > 0 && run_.answered != answers_ && free_to_tell(now);
}

bool ResponseChange::changed(MonotonicTime now) const {
  return may_change(now) && missing() == Nanoseconds{};
}

void ResponseChange::told(MonotonicTime now) {
  answers_ = run_.answered;
  // A silence says nothing about the loss of a path that answers.
  if (!answers_) loss_ = run_.usual_loss;
  told_at_ = {told_at_[1], now};
}

}  // namespace gnomon::methods
