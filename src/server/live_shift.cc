// LivePath::shift: how the last minutes differ from the hour before.

#include <algorithm>
#include <cmath>

#include "server/live_path.h"
#include "server/minute_figures.h"

namespace gnomon::server {

namespace {

constexpr std::int64_t kNewMinutes = 2;  // so that a change is seen within a minute or two
constexpr std::int64_t kHour = 60;
constexpr std::size_t kLeastMinutes = 3;  // on the old side

struct Side {
  std::vector<Nanoseconds> medians;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::size_t minutes = 0;
  [[nodiscard]] double loss() const { return sent == 0 ? 0 : static_cast<double>(lost) / static_cast<double>(sent); }
  void add(const MinuteSample& one) {
    if (one.sent == 0) return;
    ++minutes;
    sent += one.sent;
    lost += one.lost;
    if (one.rtt_p50) medians.push_back(*one.rtt_p50);
  }
};

// Zero when the change is within what is usual.
double delay_score(Nanoseconds before, Nanoseconds after) {
  const auto usual = static_cast<double>(before.count());
  const double change = std::abs(static_cast<double>((after - before).count()));
  if (change < std::max(0.05 * usual, 100e3)) return 0;
  return change / std::max(usual, 1e6);
}

double loss_score(const Side& before, const Side& after) {
  const double change = std::abs(after.loss() - before.loss());
  if (change < 0.005 || before.lost + after.lost < 3) return 0;
  return 5 * change;
}

}  // namespace

std::optional<LivePath::Shift> LivePath::shift(std::int64_t now_minute) const {
  Side before;
  Side after;
  Shift shift;
  for (std::int64_t m = now_minute - kHour + 1; m <= now_minute; ++m) {
    const std::optional<MinuteSample> one = sample(m);
    shift.changed.spark.push_back(one ? one->rtt_p50 : std::nullopt);
    if (one) (m > now_minute - kNewMinutes ? after : before).add(*one);
  }
  if (before.minutes < kLeastMinutes || after.minutes == 0) return std::nullopt;
  shift.changed.path = identity_->id;
  shift.score = loss_score(before, after);
  shift.changed.by_loss = true;
  shift.changed.before = before.loss();
  shift.changed.after = after.loss();
  if (before.medians.size() >= kLeastMinutes && !after.medians.empty()) {
    const Nanoseconds old_delay = median(before.medians);
    const Nanoseconds new_delay = after.medians.back();
    const double score = delay_score(old_delay, new_delay);
    if (score > shift.score) {
      shift.score = score;
      shift.changed.by_loss = false;
      shift.changed.before = static_cast<double>(old_delay.count());
      shift.changed.after = static_cast<double>(new_delay.count());
    }
  }
  if (shift.score <= 0) return std::nullopt;
  return shift;
}

}  // namespace gnomon::server
