#include "schema/delay_window.h"

#include <algorithm>

#include "gnomon/v1/delay.pb.h"
#include "schema/unknown.h"

namespace gnomon::schema {

namespace {

// Milliseconds as the columns hold them; a value outside is held at the limit rather than wrapped.
std::uint32_t to_ms(Nanoseconds d) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(d).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, std::numeric_limits<std::uint32_t>::max()));
}

std::int64_t or_unknown(const std::optional<Nanoseconds>& delay, std::int64_t unknown) {
  return delay ? delay->count() : unknown;
}

std::int64_t or_unknown(const std::optional<std::uint32_t>& packets) {
  return packets ? *packets : kUnknownCount;
}

void append_sketch(v1::SketchColumn& column, const DelaySketch& sketch) {
  column.add_length(static_cast<std::uint32_t>(sketch.buckets().size()));
  std::int32_t previous = 0;
  for (const DelaySketch::Bucket& bucket : sketch.buckets()) {
    column.add_number(bucket.number - previous);
    column.add_count(bucket.count);
    previous = bucket.number;
  }
}

void append_counts(v1::DelayWindows& columns, const DelayWindow& window) {
  columns.add_sent(window.sent);
  columns.add_received(window.received);
  columns.add_lost(window.lost);
  columns.add_duplicated(window.duplicated);
  columns.add_reordered(window.reordered);
  columns.add_late(window.late);
  columns.add_stray(window.stray);
  columns.add_unreachable(window.unreachable);
  columns.add_lost_forward(or_unknown(window.lost_forward));
  columns.add_lost_backward(or_unknown(window.lost_backward));
  columns.add_reordered_forward(or_unknown(window.reordered_forward));
  columns.add_reordered_backward(or_unknown(window.reordered_backward));
}

void append_delays(v1::DelayWindows& columns, const DelayWindow& window) {
  columns.add_rtt_min(or_unknown(window.rtt_min, kUnknownRoundTrip));
  columns.add_rtt_mean(or_unknown(window.rtt_mean, kUnknownRoundTrip));
  columns.add_rtt_max(or_unknown(window.rtt_max, kUnknownRoundTrip));
  columns.add_forward_min(or_unknown(window.forward_min, kUnknownOneWay));
  columns.add_forward_max(or_unknown(window.forward_max, kUnknownOneWay));
  columns.add_backward_min(or_unknown(window.backward_min, kUnknownOneWay));
  columns.add_backward_max(or_unknown(window.backward_max, kUnknownOneWay));
  columns.add_timestamp_source(static_cast<v1::TimestampSource>(window.timestamp_source));
  columns.add_error_bound(or_unknown(window.error_bound, kUnknownBound));
  columns.add_clock_bound(or_unknown(window.clock_bound, kUnknownBound));
}

}  // namespace

void append(v1::DelayWindows& columns, std::uint32_t path_index, WallTime base, const DelayWindow& window) {
  columns.add_path(path_index);
  columns.add_start_ms(to_ms(window.start - base));
  columns.add_duration_ms(to_ms(window.duration));
  columns.add_outcome(static_cast<v1::Outcome>(window.outcome));
  columns.add_marks(window.marks);
  append_counts(columns, window);
  append_delays(columns, window);
  append_sketch(*columns.mutable_rtt(), window.rtt);
  append_sketch(*columns.mutable_forward(), window.forward);
  append_sketch(*columns.mutable_backward(), window.backward);
  append_sketch(*columns.mutable_ipdv(), window.ipdv);
}

}  // namespace gnomon::schema
