#include "methods/loss_direction.h"

#include <algorithm>
#include <utility>

namespace gnomon::methods {
namespace {

// Beyond this, the reflector has begun to count anew, or is not ours alone.
constexpr std::int64_t kPlausibleJump = 1000;

}  // namespace

void LossDirection::answered(std::uint32_t sequence, std::uint32_t remote_sequence) {
  if (sequence != remote_sequence) stateful_ = true;
  const auto sent = static_cast<std::int64_t>(sequence - last_sequence_);
  const auto received = static_cast<std::int64_t>(static_cast<std::int32_t>(remote_sequence - last_remote_));
  // A reflector that is ahead at the first answer counted an earlier session of the same addresses and ports.
  const bool older_session = last_remote_ == ~0u && received > sent;
  last_sequence_ = sequence;
  last_remote_ = remote_sequence;
  if (older_session || received < -kPlausibleJump || received > sent + kPlausibleJump) {
    balance_ = 0;
    for (const auto& [window, losses] : gap_) shares_[window].known = false;
    gap_.clear();
    gone_ = 0;
    return;
  }
  balance_ += sent - received;
  std::int64_t losses = gone_;
  for (const auto& [window, count] : gap_) losses += count;
  const std::int64_t forward = std::clamp<std::int64_t>(balance_, 0, losses);
  balance_ -= forward;
  share_gap(forward - std::min<std::int64_t>(forward, std::exchange(gone_, 0)));
}

void LossDirection::share_gap(std::int64_t forward) {
  // Where in a gap the forward losses lie is not known; over all its windows the sums are right.
  for (const auto& [window, count] : gap_) {
    const auto mine = static_cast<std::uint32_t>(std::min<std::int64_t>(forward, count));
    shares_[window].forward += mine;
    shares_[window].backward += count - mine;
    forward -= mine;
  }
  gap_.clear();
}

LossDirection::Share LossDirection::take(std::uint32_t window) {
  const auto found = shares_.extract(window);
  Share share = found ? found.mapped() : Share{};
  // What still waits is told to nobody any more: the window is going.
  if (const auto waiting = gap_.extract(window)) {
    gone_ += waiting.mapped();
    share.known = false;
  }
  return share;
}

void LossDirection::move_waiting(std::uint32_t from, std::uint32_t to) {
  if (const auto waiting = gap_.extract(from)) gap_[to] += waiting.mapped();
}

void LossDirection::move_told(std::uint32_t from, std::uint32_t to) {
  if (const auto told = shares_.extract(from)) shares_[to] = told.mapped();
}

}  // namespace gnomon::methods
