#include "methods/responsiveness/responsiveness_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gnomon::methods::responsiveness {
namespace {

constexpr double kPairBytes = 5'000 + 1'000;  // the draft, "Measuring Responsiveness"
constexpr double kFirstProbes = 20;           // per second, before the first interval has shown what the path carries
constexpr double kLeastProbes = 2;

double deviation(const std::deque<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

Confidence confidence_of(bool settled, unsigned intervals, unsigned distance) {
  if (settled) return Confidence::kHigh;
  return intervals >= distance ? Confidence::kMedium : Confidence::kLow;
}

}  // namespace

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      return "high";
  }
  return "";
}

void ResponsivenessSearch::end_interval(Interval interval) {
  if (stage_ == Stage::kDone) return;
  ++intervals_;
  stage_time_ += interval.length;
  recent_.push_back(std::move(interval));
  if (recent_.size() > options_.average_distance) recent_.pop_front();
  if (stage_ == Stage::kGoodput) {
    judge_goodput();
  } else {
    judge_rpm();
  }
}

void ResponsivenessSearch::judge_goodput() {
  ++goodput_intervals_;
  remember(goodputs_, static_cast<double>(goodput_down().value + goodput_up().value));
  goodput_settled_ = settled(goodputs_);
  if (goodput_settled_ || stage_time_ >= options_.goodput_time) {
    stage_ = Stage::kResponsiveness;
    stage_time_ = {};
    return;
  }
  flows_ = std::min(flows_ + options_.more_flows, options_.most_flows);
}

void ResponsivenessSearch::judge_rpm() {
  ++rpm_intervals_;
  if (const auto now = rpm()) remember(rpms_, now->overall);
  rpm_settled_ = settled(rpms_);
  if (rpm_settled_ || stage_time_ >= options_.rpm_time) stage_ = Stage::kDone;
}

bool ResponsivenessSearch::settled(const std::deque<double>& values) const {
  if (values.size() < options_.average_distance || values.back() <= 0) return false;
  return deviation(values) < options_.tolerance * values.back();
}

void ResponsivenessSearch::remember(std::deque<double>& values, double value) const {
  values.push_back(value);
  if (values.size() > options_.average_distance) values.pop_front();
}

double ResponsivenessSearch::probes_per_second() const {
  if (recent_.empty()) return std::min(kFirstProbes, options_.most_probes);
  const double bytes = static_cast<double>(goodput_down().value + goodput_up().value) / 8;
  return std::clamp(2 * options_.probe_share * bytes / kPairBytes, std::min(kLeastProbes, options_.most_probes),
                    options_.most_probes);
}

template <typename Bytes>
BitRate ResponsivenessSearch::rate(Bytes bytes_of) const {
  double bytes = 0;
  Nanoseconds time{};
  for (const auto& interval : recent_) {
    bytes += static_cast<double>(bytes_of(interval));
    time += interval.length;
  }
  if (time <= Nanoseconds{}) return {};
  return BitRate{static_cast<std::uint64_t>(bytes * 8e9 / static_cast<double>(time.count()))};
}

BitRate ResponsivenessSearch::goodput_down() const {
  return rate([](const Interval& interval) { return interval.bytes_down; });
}
BitRate ResponsivenessSearch::goodput_up() const {
  return rate([](const Interval& interval) { return interval.bytes_up; });
}

ProbeDelays ResponsivenessSearch::recent() const {
  ProbeDelays all;
  for (const auto& interval : recent_) all.add(interval.probes);
  return all;
}

Confidence ResponsivenessSearch::goodput_confidence() const {
  return confidence_of(goodput_settled_, goodput_intervals_, options_.average_distance);
}
Confidence ResponsivenessSearch::rpm_confidence() const {
  return confidence_of(rpm_settled_, rpm_intervals_, options_.average_distance);
}

}  // namespace gnomon::methods::responsiveness
