#include "server/live_crowd.h"

namespace gnomon::server {

namespace {

constexpr std::uint32_t kLeastPackets = 3;  // one lost packet is no outage

PathState state_of(schema::Outcome outcome, std::uint32_t marks, std::uint32_t sent, std::uint32_t lost) {
  if ((marks & schema::kMarkVantageSick) != 0 || outcome == schema::Outcome::kNotSent) return PathState::kSick;
  if (outcome == schema::Outcome::kAnswered) return PathState::kGood;
  return sent >= kLeastPackets && lost == sent ? PathState::kBroken : PathState::kUnknown;
}

}  // namespace

void LiveCrowd::reset(std::vector<bool> watched) {
  places_.assign(watched.size(), {});
  of_ = {};
  size_ = 0;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    places_[i].watched = watched[i];
    if (!watched[i]) ++size_;
  }
  of_[static_cast<std::size_t>(PathState::kUnknown)] = static_cast<std::uint32_t>(size_);
}

void LiveCrowd::add(const schema::DelayColumns& windows, WallTime base) {
  if (size_ == 0) return;
  const auto path = windows.path(), start = windows.start_ms(), duration = windows.duration_ms(), sent = windows.sent(),
             lost = windows.lost(), marks = windows.marks();
  const auto outcome = windows.outcome();
  const auto base_s = std::chrono::floor<std::chrono::seconds>(base.since_epoch).count();
  for (std::size_t row = 0; row < windows.size(); ++row) {
    Place& place = places_[path[row]];
    const auto end = static_cast<std::uint32_t>(base_s + (std::int64_t{start[row]} + duration[row]) / 1000);
    if (place.watched || end < place.end) continue;  // the latter of a spool that empties
    place.end = end;
    --of_[static_cast<std::size_t>(place.state)];
    place.state = state_of(static_cast<schema::Outcome>(outcome[row]), marks[row], sent[row], lost[row]);
    ++of_[static_cast<std::size_t>(place.state)];
  }
}

void LiveCrowd::count_into(PathCounts& counts, bool silent) const {
  counts.total += size_;
  if (silent) {
    counts.of[static_cast<std::size_t>(PathState::kStale)] += size_;
    return;
  }
  for (std::size_t i = 0; i < of_.size(); ++i) counts.of[i] += of_[i];
}

}  // namespace gnomon::server
