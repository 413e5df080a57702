#include "analysis/policer.h"

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

namespace {

constexpr double kSameSlope = 0.03;       // parts of the majorant that differ by less are one line
constexpr double kSteeper = 1.3;          // the burst's rate, at least, of the line's
constexpr double kLeastBurst = 15e3;      // bytes; ten segments, an initial window (RFC 6928)
constexpr double kLeastBurstTime = 0.02;  // and of the line's rate: what a sample's time may be wrong by
constexpr double kLeastHeld = 0.5;
constexpr std::uint64_t kFewestLosses = 5;
constexpr double kEmptied = 0.8;  // of the burst: the first losses may be a part of a sample earlier
constexpr double kFull = 0.6;
constexpr double kMostlyFull = 0.6;  // a bucket that is full for longer does not limit
constexpr double kHugs = 0.03;       // seconds of the line's rate that the curve is below it, mean
constexpr double kHugsLossy = 0.1;   // the same with many losses, which make the delivery jump
constexpr double kLossy = 0.05;
constexpr double kDropped = 0.02;  // of what was sent since the bucket was empty
constexpr std::uint64_t kFewestLateLosses = 2;
constexpr double kLossyAtLine = 0.35;     // of the mean distance, the distance at which losses begin
constexpr double kLossyAtLineFew = 0.25;  // with fewer episodes than that
constexpr int kManyEpisodes = 6;
constexpr double kLatestTouch = 1.5;   // seconds after the bucket was empty
constexpr double kLossesBefore = 0.2;  // of all, at most, before the bucket was empty
// The delay that noise may add: of the time that the bucket's bytes would need at the line's rate. A shaper with a
// queue below that differs from a policer in name only.
constexpr double kDelayOfBurst = 0.1;
constexpr double kDelayLeast = 0.004;
constexpr double kDelayMost = 0.02;
// A queue that was full when the first packets were lost, and that the sender drained later, is no bucket. A share of
// what would have been the bucket's time; and round trips in which the losses and the delay are told.
constexpr double kQueueOfBurst = 0.25, kFirstTold = 2;
// A burst that took longer may also be a link that had been free until others came: then no delay is excused.
constexpr double kLongBurst = 0.8;

struct LinePart {
  std::size_t first = 0, last = 0;  // points
  double slope = 0;
};

double slope_of(const CurvePoint& a, const CurvePoint& b) {
  return (b.bytes - a.bytes) / (b.seconds - a.seconds);
}

// Least concave majorant: the points of the upper hull, from left to right (Andrew's monotone chain).
std::vector<std::size_t> upper_hull(std::span<const CurvePoint> points) {
  std::vector<std::size_t> hull;
  for (std::size_t i = 0; i < points.size(); ++i) {
    while (hull.size() >= 2 &&
           slope_of(points[hull[hull.size() - 2]], points[hull.back()]) <= slope_of(points[hull.back()], points[i])) {
      hull.pop_back();
    }
    hull.push_back(i);
  }
  return hull;
}

// The part of the majorant that lasts longest, parts of nearly the same slope taken together.
LinePart longest_line(std::span<const CurvePoint> points, const std::vector<std::size_t>& hull) {
  LinePart best;
  double longest = 0;
  for (std::size_t i = 0; i + 1 < hull.size(); ++i) {
    const double steepest = slope_of(points[hull[i]], points[hull[i + 1]]);
    std::size_t j = i + 1;
    while (j + 1 < hull.size() && slope_of(points[hull[j]], points[hull[j + 1]]) >= (1 - kSameSlope) * steepest) ++j;
    const double time = points[hull[j]].seconds - points[hull[i]].seconds;
    if (time <= longest) continue;
    longest = time;
    best = {hull[i], hull[j], slope_of(points[hull[i]], points[hull[j]])};
  }
  return best;
}

// Where the burst begins: of all that came before the first loss was told, where the curve lies lowest when seen from
// the transfer's later rate; from there on it was steeper. What is before, slow start below the rate, left the bucket
// full.
std::size_t burst_begin(std::span<const schema::TransferSample> samples, const DeliveryCurve& curve) {
  const auto points = curve.points();
  const double rate = curve.rate(curve.end() / 3, curve.end());
  const auto lossy = std::ranges::find_if(
      samples, [](const auto& sample) { return sample.tcp && sample.tcp->retransmitted_segments > 0; });
  if (lossy == samples.end()) return 0;
  const double until = std::chrono::duration<double>(lossy->at).count();
  std::size_t lowest = 0;
  for (std::size_t i = 0; i < points.size() && points[i].seconds < until; ++i) {
    const double above = points[i].bytes - rate * points[i].seconds;
    if (above < points[lowest].bytes - rate * points[lowest].seconds) lowest = i;
  }
  return lowest;
}

// How far the curve is below its line, and whether losses come where it touches.
struct Below {
  bool was_full = false;  // at some moment by (nearly) the whole bucket: tokens were lost, the true rate is higher
  double full_share = 0;  // of the time, by more than the whole bucket
  double mean = 0;        // bytes
  double when_lossy = 0;  // bytes, mean of the moments at which losses began
  int loss_episodes = 0;
  std::uint64_t late_losses = 0;  // in the second half of the line's time
};

Below below_line(std::span<const schema::TransferSample> samples, const DeliveryCurve& curve, const CurvePoint& from,
                 const CurvePoint& to, double burst) {
  Below below;
  std::uint64_t told = 0;
  bool losing = false;
  int count = 0;
  for (const schema::TransferSample& sample : samples) {
    const double at = std::chrono::duration<double>(sample.at).count();
    if (!sample.tcp) continue;
    const std::uint64_t lost = sample.tcp->retransmitted_segments - std::min(told, sample.tcp->retransmitted_segments);
    told = std::max(told, sample.tcp->retransmitted_segments);
    if (at < from.seconds || at > to.seconds) continue;
    const double gap = from.bytes + slope_of(from, to) * (at - from.seconds) - curve.bytes_at(at);
    below.was_full = below.was_full || gap >= kFull * burst;
    below.full_share += gap > burst ? 1 : 0;
    below.mean += gap;
    if (lost > 0 && !losing) below.when_lossy += gap, ++below.loss_episodes;
    losing = lost > 0;
    if (at > (from.seconds + to.seconds) / 2) below.late_losses += lost;
    ++count;
  }
  below.full_share /= std::max(1, count);
  below.mean /= std::max(1, count);
  below.when_lossy /= std::max(1, below.loss_episodes);
  return below;
}

// A policer loses when its bucket is empty, that is where the curve touches the line; chance loses anywhere. A sender
// that does not mind losses stays at the line all the time.
bool keeps_to_line(const Below& below, double rate, double loss_ratio, bool drops_only) {
  if (below.full_share > kMostlyFull) return false;
  const bool hugs = below.mean <= kHugs * rate || (below.mean <= kHugsLossy * rate && loss_ratio >= kLossy);
  // BBR finds the rate of the bucket out and keeps to it: it loses no more. Nothing but a bucket drops much, delays
  // nothing and is then never exceeded.
  if (hugs && (below.late_losses >= kFewestLateLosses || drops_only)) return true;
  if (below.loss_episodes < 2) return false;
  return below.when_lossy <= (below.loss_episodes < kManyEpisodes ? kLossyAtLineFew : kLossyAtLine) * below.mean;
}

// Losses told within a round trip of the first byte were of packets before it: the curve's beginning is not the
// burst's.
bool lost_before_first_byte(std::span<const schema::TransferSample> samples) {
  const auto first = std::ranges::find_if(samples, [](const auto& sample) { return sample.tcp.has_value(); });
  return first != samples.end() && first->tcp->retransmitted_segments > 0 && first->at < first->tcp->min_rtt;
}

struct Losses {
  std::uint64_t before = 0, after = 0, sent_after = 0;
  std::vector<double> first_delays;  // seconds above the least round trip, while the first losses are told
  std::vector<double> delays;        // seconds, after
};

// When the bucket was first empty: when the sender had put as much above the line as the bucket holds. The curve of
// what arrived tells it too late, since what comes after a lost segment waits for it.
double emptied_at(std::span<const schema::TransferSample> samples, const CurvePoint& low, double slope, double burst) {
  const auto last = std::ranges::find_if(samples.rbegin(), samples.rend(), [](const auto& s) { return !!s.tcp; });
  if (last == samples.rend() || last->tcp->sent_segments <= last->tcp->retransmitted_segments) return low.seconds;
  const double segment = static_cast<double>(last->tcp->acked_bytes) /
                         static_cast<double>(last->tcp->sent_segments - last->tcp->retransmitted_segments);
  for (const schema::TransferSample& sample : samples) {
    const double at = std::chrono::duration<double>(sample.at).count();
    if (!sample.tcp || at <= low.seconds) continue;
    const double above = static_cast<double>(sample.tcp->sent_segments) * segment - low.bytes;
    if (above - slope * (at - low.seconds) >= kEmptied * burst) return at;
  }
  return low.seconds;
}

Losses losses_around(std::span<const schema::TransferSample> samples, double emptied) {
  Losses losses;
  std::uint64_t sent_before = 0;
  for (const schema::TransferSample& sample : samples) {
    if (!sample.tcp) continue;
    const double at = std::chrono::duration<double>(sample.at).count();
    if (at < emptied) {
      losses.before = sample.tcp->retransmitted_segments;
      sent_before = sample.tcp->sent_segments;
      continue;
    }
    losses.after = sample.tcp->retransmitted_segments - std::min(losses.before, sample.tcp->retransmitted_segments);
    losses.sent_after = sample.tcp->sent_segments - std::min(sent_before, sample.tcp->sent_segments);
    const double delay = std::chrono::duration<double>(sample.tcp->rtt - sample.tcp->min_rtt).count();
    losses.delays.push_back(delay);
    const double told_by = emptied + kFirstTold * std::chrono::duration<double>(sample.tcp->min_rtt).count() + 0.2;
    if (at <= told_by) losses.first_delays.push_back(delay);
  }
  return losses;
}

double delay_allowed(double bucket_seconds, double burst_seconds) {
  if (burst_seconds > kLongBurst) return kDelayLeast;
  return std::clamp(kDelayOfBurst * bucket_seconds, kDelayLeast, kDelayMost);
}

Nanoseconds time_of(double seconds) {
  return std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(seconds));
}

}  // namespace

std::optional<Policer> find_policer(std::span<const schema::TransferSample> samples) {
  const DeliveryCurve curve(samples);
  const auto points = curve.points().subspan(burst_begin(samples, curve));
  if (points.size() < 20 || lost_before_first_byte(samples)) return std::nullopt;
  const LinePart line = longest_line(points, upper_hull(points));
  if (line.slope <= 0) return std::nullopt;
  const CurvePoint &low = points.front(), &touch = points[line.first];
  const double burst = touch.bytes - low.bytes - line.slope * (touch.seconds - low.seconds);
  if (burst < std::max(kLeastBurst, kLeastBurstTime * line.slope)) return std::nullopt;

  const double emptied = emptied_at(samples, low, line.slope, burst);
  if (emptied <= low.seconds || burst < (kSteeper - 1) * line.slope * (emptied - low.seconds)) return std::nullopt;
  if (touch.seconds - emptied > kLatestTouch) return std::nullopt;
  const Losses losses = losses_around(samples, emptied);
  if (losses.delays.empty() || losses.after < kFewestLosses) return std::nullopt;
  if (static_cast<double>(losses.before) > kLossesBefore * static_cast<double>(losses.before + losses.after)) {
    return std::nullopt;
  }
  Policer found;
  found.bps = 8 * line.slope;
  found.burst_bytes = burst;
  found.loss_ratio =
      static_cast<double>(losses.after) / static_cast<double>(std::max<std::uint64_t>(1, losses.sent_after));
  const Below below = below_line(samples, curve, touch, points[line.last], burst);
  found.at_least = below.was_full;
  const double queued = losses.first_delays.empty() ? 0 : quantile_of(losses.first_delays, 0.5);
  const double delay = quantile_of(losses.delays, 0.5);
  const bool drops_only = std::max(queued, delay) <= kDelayLeast && found.loss_ratio >= kDropped;
  if (!keeps_to_line(below, line.slope, found.loss_ratio, drops_only)) return std::nullopt;
  found.emptied = time_of(emptied);
  const double most = delay_allowed(burst / line.slope, emptied - low.seconds);
  found.delay = time_of(delay), found.delay_most = time_of(most);
  found.held = (points[line.last].seconds - touch.seconds) / (curve.end() - emptied);
  if (queued > std::max(kDelayMost, kQueueOfBurst * burst / line.slope)) return std::nullopt;
  if (delay > most || found.held < kLeastHeld) return std::nullopt;
  return found;
}

}  // namespace gnomon::analysis
