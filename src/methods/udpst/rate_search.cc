#include "methods/udpst/rate_search.h"

#include <algorithm>

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint32_t kRetryStep = 5;       // algorithm C: feedbacks to wait before the next fast rise
constexpr std::uint32_t kFallMultiplier = 3;  // a large step down is so many large steps up

}  // namespace

SearchSettings search_settings(const ActivationPdu& activation) {
  SearchSettings settings;
  settings.algorithm = activation.algorithm == 1 ? Algorithm::kC : Algorithm::kB;
  settings.low_threshold_ms = activation.low_threshold_ms;
  settings.upper_threshold_ms = activation.upper_threshold_ms;
  settings.sequence_error_threshold = activation.sequence_error_threshold;
  settings.slow_adjust_threshold = activation.slow_adjust_threshold;
  settings.high_speed_delta = activation.high_speed_delta;
  settings.ignore_reordering = activation.ignore_reordering;
  settings.use_one_way_delay = activation.use_one_way_delay;
  settings.rate_index = activation.rate_index;
  settings.index_is_start = activation.index_is_start;
  settings.suppressed_sub_intervals = activation.suppressed_sub_intervals;
  return settings;
}

RateSearch::RateSearch(const RateTable& table, const SearchSettings& settings) : table_(table), settings_(settings) {
  settings_.highest_index = std::min(settings_.highest_index, table.size() - 1);
  const bool starts_silent = is_fixed() && settings_.suppressed_sub_intervals > 0;
  if (settings_.rate_index != ActivationPdu::kSearchIndex && !starts_silent) {
    index_ = std::min<std::size_t>(settings_.rate_index, settings_.highest_index);
  }
}

bool RateSearch::is_fixed() const {
  return settings_.rate_index != ActivationPdu::kSearchIndex && !settings_.index_is_start;
}

RateSearch::Signal RateSearch::signal(const Feedback& feedback) {
  const auto errors = feedback.lost + (settings_.ignore_reordering ? 0 : feedback.reordered + feedback.duplicated);
  auto delay = settings_.low_threshold_ms;  // without a sample: hold
  if (settings_.use_one_way_delay) {
    if (feedback.delay_count > 0) delay = (feedback.delay_sum_ms + feedback.delay_count / 2) / feedback.delay_count;
  } else if (feedback.rtt_variation_ms != kNoDelay) {
    delay = feedback.rtt_variation_ms;
  }
  const auto by_chance = path_loss_.expected(feedback.datagrams, feedback.lost);
  if (delay < settings_.low_threshold_ms) path_loss_.note(feedback.datagrams, feedback.lost);
  if (errors > settings_.sequence_error_threshold + by_chance || delay > settings_.upper_threshold_ms) {
    return Signal::kCongested;
  }
  return delay < settings_.low_threshold_ms ? Signal::kClear : Signal::kHold;
}

void RateSearch::adjust(const Feedback& feedback) {
  if (feedback.sub_intervals < settings_.suppressed_sub_intervals) return;
  if (is_fixed()) {
    index_ = std::min<std::size_t>(settings_.rate_index, settings_.highest_index);
    return;
  }
  const bool is_b = settings_.algorithm == Algorithm::kB;
  switch (signal(feedback)) {
    case Signal::kClear:
      is_b ? rise_b() : rise_c();
      break;
    case Signal::kHold:
      break;
    case Signal::kCongested:
      is_b ? fall_b() : fall_c();
      break;
  }
  index_ = std::min(index_, settings_.highest_index);
}

void RateSearch::rise_b() {
  if (index_ < table_.high_speed_index() && slow_count_ < settings_.slow_adjust_threshold) {
    index_ = std::min(index_ + settings_.high_speed_delta, table_.high_speed_index());
    slow_count_ = 0;
  } else if (index_ + 1 < table_.size()) {
    ++index_;
  }
}

void RateSearch::fall_b() {
  ++slow_count_;
  if (index_ < table_.high_speed_index() && slow_count_ == settings_.slow_adjust_threshold) {
    fall_far();
  } else if (index_ > 0) {
    --index_;
  }
}

void RateSearch::rise_c() {
  if (index_ < table_.high_speed_index() && slow_count_ < settings_.slow_adjust_threshold) {
    if (index_ * 2 > table_.high_speed_index()) {
      index_ = table_.high_speed_index();
    } else {
      index_ = std::max<std::size_t>(index_, 1);
      if (may_double_) index_ *= 2;
      may_double_ = !may_double_;
    }
    slow_count_ = 0;
    return;
  }
  if (index_ + 1 < table_.size()) {
    ++index_;
    ++retry_count_;
  }
  if (retry_count_ >= retry_threshold_) {
    slow_count_ = 0;
    retry_count_ = 0;
    retry_threshold_ += kRetryStep;
  }
}

void RateSearch::fall_c() {
  ++slow_count_;
  if (index_ < table_.high_speed_index() && slow_count_ == settings_.slow_adjust_threshold) {
    fall_far();
    return;
  }
  if (index_ == 0) return;
  --index_;
  if (++retry_count_ >= retry_threshold_) {
    slow_count_ = 0;
    retry_count_ = 0;
  }
}

void RateSearch::fall_far() {
  const auto step = static_cast<std::size_t>(settings_.high_speed_delta) * kFallMultiplier;
  index_ = index_ > step ? index_ - step : 0;
}

}  // namespace gnomon::methods::udpst
