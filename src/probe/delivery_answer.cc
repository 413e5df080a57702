// The part of the delivery machine that judges what the server said, or that it said nothing.

#include <algorithm>

#include "probe/delivery.h"

namespace gnomon::probe {
namespace {

std::string brief(const std::string& text) {
  constexpr std::size_t kKept = 200;  // A server's words travel on in Dropped and in logs.
  return text.size() <= kKept ? text : text.substr(0, kKept) + "…";
}

// Verdicts come in the order of the request. A server that could not read a batch cannot know its number either.
bool speaks_of(const Ack& ack, std::uint64_t sequence) {
  return ack.sequence == sequence || (ack.sequence == 0 && ack.verdict == Verdict::kBad);
}

}  // namespace

std::string_view to_string(UplinkState state) {
  switch (state) {
    case UplinkState::kIdle:
      return "idle";
    case UplinkState::kDelivering:
      return "delivering";
    case UplinkState::kAway:
      return "server away";
    case UplinkState::kNotEnrolled:
      return "not enrolled";
    case UplinkState::kBusy:
      return "server busy";
  }
  return "";
}

Actions Delivery::answered(std::uint64_t request, std::span<const Ack> acks, MonotonicTime now) {
  Actions actions;
  if (!request_ || request_->id != request) return actions;  // A late or doubled answer.
  const std::vector<std::uint64_t> sequences = request_->sequences;
  const std::size_t count = std::min(acks.size(), sequences.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (!speaks_of(acks[i], sequences[i])) {
      return request_failed(request, {"its answer names batches that were not sent", false, false, std::nullopt}, now);
    }
  }
  request_.reset();
  for (const std::uint64_t sequence : sequences) {
    if (const auto entry = entries_.find(sequence); entry != entries_.end()) entry->second.under_way = false;
  }
  if (count == 0) {
    fail({"its answer holds no verdict", false, false, std::nullopt}, now, actions);
    return actions;
  }
  bool moved = false;
  for (std::size_t i = 0; i < count; ++i) {
    const Ack& ack = acks[i];
    judge(sequences[i], ack, actions);
    moved =
        moved || ack.verdict == Verdict::kStored || ack.verdict == Verdict::kDuplicate || ack.verdict == Verdict::kBad;
  }
  const auto asks_later = [&](Verdict v) {
    return std::ranges::any_of(acks, [v](const Ack& a) { return a.verdict == v; });
  };
  if (asks_later(Verdict::kUnknownKey)) {
    back_off(limits_.not_enrolled_base, limits_.not_enrolled_cap, std::nullopt, now);
    enter(UplinkState::kNotEnrolled, "", now, actions);
  } else if (!moved || asks_later(Verdict::kBusy) || asks_later(Verdict::kUnspecified)) {
    back_off(limits_.backoff_base, limits_.backoff_cap, std::nullopt, now);
    enter(UplinkState::kBusy, "", now, actions);
  } else {
    backoff_ = Nanoseconds{};
    request_bytes_ = std::min(limits_.request_bytes, request_bytes_ * 2);
    enter(UplinkState::kDelivering, "", now, actions);
  }
  send(now, actions);
  return actions;
}

void Delivery::judge(std::uint64_t sequence, const Ack& ack, Actions& actions) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return;
  switch (ack.verdict) {
    case Verdict::kDuplicate:
      if (found->second.fresh && found->second.attempts == 1) {
        actions.emplace_back(action::Tell{
            true, fmt::format("the server already holds another batch {} of this probe: two probes use one key, or the "
                              "spool folder was removed while the key was kept",
                              sequence)});
      }
      acknowledge(sequence, actions);
      return;
    case Verdict::kStored:
      acknowledge(sequence, actions);
      return;
    case Verdict::kBad: {
      const std::string reason = "refused by the server: " + brief(ack.message);
      after_notes(action::SetAside{sequence, reason});
      drop(found, reason, actions);
      save_notes(actions);
      actions.emplace_back(action::Tell{true, fmt::format("batch {} was {}; it is set aside", sequence, reason)});
      return;
    }
    case Verdict::kUnknownKey:
    case Verdict::kBusy:
    case Verdict::kUnspecified:
      return;
  }
}

void Delivery::acknowledge(std::uint64_t sequence, Actions& actions) {
  const auto found = entries_.find(sequence);
  ++delivered_batches_;
  const bool on_disk = found->second.where == Where::kDisk;
  // Newer ones that are only in memory do not count: the notes may not hold their numbers yet.
  const bool newest = std::none_of(std::next(found), entries_.end(),
                                   [](const auto& later) { return later.second.where == Where::kDisk; });
  if (on_disk && newest) {
    found->second.answered = true;
    return;
  }
  entries_.erase(found);
  actions.emplace_back(action::Forget{sequence, false});
  if (!on_disk) save_notes(actions);
}

Actions Delivery::request_failed(std::uint64_t request, Failure failure, MonotonicTime now) {
  Actions actions;
  if (!request_ || request_->id != request) return actions;
  const std::vector<std::uint64_t> sequences = request_->sequences;
  request_.reset();
  for (const std::uint64_t sequence : sequences) {
    if (const auto entry = entries_.find(sequence); entry != entries_.end()) entry->second.under_way = false;
  }
  if (failure.too_large && sequences.size() == 1) {
    judge(sequences[0], {sequences[0], Verdict::kBad, "larger than the server takes in one request"}, actions);
    send(now, actions);
    return actions;
  }
  if (failure.too_large) {
    request_bytes_ = std::max<std::uint64_t>(request_bytes_ / 2, 1);
    send(now, actions);
    return actions;
  }
  fail(failure, now, actions);
  return actions;
}

void Delivery::fail(const Failure& failure, MonotonicTime now, Actions& actions) {
  back_off(limits_.backoff_base, limits_.backoff_cap, failure.retry_after, now);
  enter(failure.busy ? UplinkState::kBusy : UplinkState::kAway, brief(failure.text), now, actions);
}

void Delivery::back_off(Nanoseconds base, Nanoseconds cap, std::optional<Nanoseconds> retry_after, MonotonicTime now) {
  // Decorrelated jitter: the next pause lies between the base and three times the last one.
  const Nanoseconds last = std::max(backoff_, base);
  const double span = static_cast<double>((last * 3 - base).count());
  const Nanoseconds pause = base + Nanoseconds{static_cast<std::int64_t>(random_.uniform() * span)};
  backoff_ = std::min(cap, pause);
  // A fleet that was sent away together comes back spread over the pause.
  constexpr Nanoseconds kLongestAsked = std::chrono::hours(1);
  const Nanoseconds asked = std::clamp(retry_after.value_or(Nanoseconds{}), Nanoseconds{}, kLongestAsked);
  not_before_ = now + (asked > Nanoseconds{} ? asked + std::min(backoff_, asked) : backoff_);
}

void Delivery::enter(UplinkState state, const std::string& why, MonotonicTime now, Actions& actions) {
  if (state == UplinkState::kNotEnrolled &&
      (!told_not_enrolled_ || now - *told_not_enrolled_ > std::chrono::hours(1))) {
    told_not_enrolled_ = now;
    actions.emplace_back(
        action::Tell{true, fmt::format("the server does not know this probe; batches are kept. Enrol it "
                                       "on the server with: {}",
                                       limits_.enrol_command)});
  }
  if (state == state_) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - state_since_).count();
  if (state == UplinkState::kAway) {
    actions.emplace_back(
        action::Tell{true, fmt::format("the server is away ({}); measuring goes on, batches are kept", why)});
  } else if (state == UplinkState::kBusy) {
    actions.emplace_back(action::Tell{
        true, fmt::format("the server asks for patience{}{}; batches are kept", why.empty() ? "" : ": ", why)});
  } else if (state == UplinkState::kDelivering && state_ != UplinkState::kIdle) {
    actions.emplace_back(action::Tell{
        false, fmt::format("the server takes batches again after {} s; {} wait", seconds, waiting_batches())});
  }
  if (state != UplinkState::kNotEnrolled) told_not_enrolled_.reset();
  state_ = state;
  state_since_ = now;
}

}  // namespace gnomon::probe
