// LiveState::overview: headline figures over all paths.

#include <algorithm>
#include <cmath>
#include <tuple>

#include "server/live_state_impl.h"
#include "server/minute_figures.h"

namespace gnomon::server {

namespace {

// Counts by bucket over many sketches; a plain array since there are thousands of sketches to add.
class BucketCounts {
 public:
  void add(const DelaySketch& sketch) {
    for (const DelaySketch::Bucket& bucket : sketch.buckets()) {
      counts_[static_cast<std::size_t>(bucket.number) + kZero] += bucket.count;
      total_ += bucket.count;
    }
  }
  [[nodiscard]] std::optional<Nanoseconds> quantile(double q) const {
    if (total_ == 0) return std::nullopt;
    auto rank = static_cast<std::uint64_t>(q * static_cast<double>(total_ - 1));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (rank < counts_[i]) return DelaySketch::value_of(static_cast<std::int16_t>(static_cast<int>(i) - kZero));
      rank -= counts_[i];
    }
    return std::nullopt;
  }

 private:
  static constexpr int kZero = 32768;
  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(65536);
  std::uint64_t total_ = 0;
};

// What two paths share that differ only in family.
using Twin = std::tuple<ProbeId, std::string_view, std::string_view, std::string_view, std::string_view, std::uint32_t,
                        std::uint32_t>;

Twin twin_of(const PathIdentity& path) {
  return {path.probe, path.plan_item, path.method, path.target, path.access, path.dscp, path.payload_bytes};
}

struct Families {
  std::optional<Nanoseconds> v4, v6;
};

bool is_current(PathState state) {
  return state == PathState::kGood || state == PathState::kDegraded || state == PathState::kBroken;
}

}  // namespace

Overview LiveState::overview(std::size_t changed_limit) const {
  Overview sum;
  BucketCounts delays;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  std::vector<LivePath::Shift> shifts;
  std::map<Twin, Families> twins;
  const std::lock_guard lock(impl_->mutex);
  sum.counts = impl_->counts();
  const auto now_minute = std::chrono::floor<std::chrono::minutes>(impl_->clock.wall().since_epoch).count();
  for (const auto& [id, path] : impl_->paths) {
    const PathIdentity& identity = path.identity();
    const PathState state = path.state();
    if (identity.family == 6) {
      ++sum.ipv6_total;
      if (state == PathState::kGood) ++sum.ipv6_good;
    }
    if (!is_current(state)) continue;
    sent += path.figures().sent;
    lost += path.figures().lost;
    for (const schema::DelayWindow& window : path.recent()) delays.add(window.rtt);
    if (path.figures().rtt_p50) {
      Families& pair = twins[twin_of(identity)];
      (identity.family == 6 ? pair.v6 : pair.v4) = path.figures().rtt_p50;
    }
    if (auto shift = path.shift(now_minute)) shifts.push_back(std::move(*shift));
  }
  sum.rtt_p50 = delays.quantile(0.5);
  sum.rtt_p99 = delays.quantile(0.99);
  if (sent > 0) sum.loss_ratio = static_cast<double>(lost) / static_cast<double>(sent);
  std::vector<Nanoseconds> differences;
  for (const auto& [twin, pair] : twins) {
    if (pair.v4 && pair.v6) differences.push_back(*pair.v6 - *pair.v4);
  }
  if (!differences.empty()) sum.ipv6_minus_ipv4 = median(differences);
  std::ranges::sort(shifts, std::ranges::greater{}, &LivePath::Shift::score);
  for (LivePath::Shift& shift : shifts) {
    if (sum.changed.size() >= changed_limit) break;
    sum.changed.push_back(std::move(shift.changed));
  }
  return sum;
}

}  // namespace gnomon::server
