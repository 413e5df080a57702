#include "server/minute_figures.h"

#include <algorithm>

namespace gnomon::server {

namespace {

template <typename T, typename U>
void add_known(std::optional<T>& sum, const std::optional<U>& value) {
  if (value) sum = sum.value_or(0) + *value;
}

}  // namespace

Nanoseconds median(std::vector<Nanoseconds> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

MinuteFigures minute_figures(const std::deque<schema::DelayWindow>& windows) {
  MinuteFigures sum;
  DelaySketch rtt;
  DelaySketch forward;
  DelaySketch backward;
  DelaySketch ipdv;
  for (const schema::DelayWindow& window : windows) {
    ++sum.windows;
    sum.sent += window.sent;
    sum.received += window.received;
    sum.lost += window.lost;
    sum.duplicated += window.duplicated;
    sum.reordered += window.reordered;
    add_known(sum.lost_forward, window.lost_forward);
    add_known(sum.lost_backward, window.lost_backward);
    if (window.rtt_min) sum.rtt_min = std::min(sum.rtt_min.value_or(*window.rtt_min), *window.rtt_min);
    if (window.rtt_max) sum.rtt_max = std::max(sum.rtt_max.value_or(*window.rtt_max), *window.rtt_max);
    rtt.merge(window.rtt);
    forward.merge(window.forward);
    backward.merge(window.backward);
    ipdv.merge(window.ipdv);
  }
  if (sum.sent > 0) sum.loss_ratio = static_cast<double>(sum.lost) / static_cast<double>(sum.sent);
  sum.rtt_p50 = rtt.quantile(0.5);
  sum.rtt_p95 = rtt.quantile(0.95);
  sum.rtt_p99 = rtt.quantile(0.99);
  sum.forward_p50 = forward.quantile(0.5);
  sum.backward_p50 = backward.quantile(0.5);
  sum.ipdv_p99 = ipdv.quantile(0.99);
  return sum;
}

}  // namespace gnomon::server
