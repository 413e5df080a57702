#include "lab/link_queue.h"

#include <algorithm>

namespace gnomon::lab {

bool LinkQueue::lost(Frame::Kind kind) {
  // Each cause draws by itself: both settings hold whatever the other is.
  const bool on_wire = chance(settings_.loss);
  switch (kind) {
    case Frame::Kind::kIpv4:
      return chance(settings_.ipv4_loss) || on_wire;
    case Frame::Kind::kIpv6:
      return chance(settings_.ipv6_loss) || on_wire;
    case Frame::Kind::kOther:
      return on_wire;
  }
  return on_wire;
}

bool LinkQueue::policed(MonotonicTime now, std::size_t bytes) {
  if (settings_.police == 0) return false;
  const double came =
      std::chrono::duration<double>(now - filled_at_).count() * static_cast<double>(settings_.police) / 8;
  missing_bytes_ = std::max(0.0, missing_bytes_ - came);
  filled_at_ = now;
  const double rest = static_cast<double>(settings_.burst) - missing_bytes_;
  if (rest < static_cast<double>(bytes)) return true;
  missing_bytes_ += static_cast<double>(bytes);
  return false;
}

Nanoseconds LinkQueue::propagation() {
  if (settings_.jitter <= Nanoseconds{0}) return settings_.delay;
  const double spread = (2 * random_.uniform() - 1) * static_cast<double>(settings_.jitter.count());
  return std::max(Nanoseconds{0}, settings_.delay + Nanoseconds{static_cast<std::int64_t>(spread)});
}

Departure LinkQueue::arrive(MonotonicTime now, const Frame& frame) {
  Departure departure;
  if (down_) return {.verdict = Verdict::kDown, .at = {}};
  if (frame.bytes > settings_.mtu + kEthernetHeader) return {.verdict = Verdict::kMtu, .at = {}};
  if (policed(now, frame.bytes)) return {.verdict = Verdict::kPolice, .at = {}};
  MonotonicTime sent = now;
  if (settings_.rate > 0) {
    const MonotonicTime start = std::max(now, free_at_);
    if (start - now > settings_.queue) return {.verdict = Verdict::kQueue, .at = {}};
    const double seconds = static_cast<double>(frame.bytes) * 8 / static_cast<double>(settings_.rate);
    sent = start + Nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
    free_at_ = sent;
  }
  if (lost(frame.kind)) return {.verdict = Verdict::kLoss, .at = {}};
  departure.at = std::max(sent + propagation(), last_leave_);
  last_leave_ = departure.at;
  departure.duplicate = chance(settings_.duplicate);
  departure.held = chance(settings_.reorder);
  return departure;
}

}  // namespace gnomon::lab
