#include "schema/delay_columns.h"

#include <cassert>

#include "schema/delay_columns_layout.h"
#include "schema/unknown.h"

namespace gnomon::schema {

namespace {

std::optional<Nanoseconds> delay(std::int64_t value, std::int64_t unknown) {
  if (value == unknown) return std::nullopt;
  return Nanoseconds(value);
}

std::optional<std::uint32_t> packets(std::int64_t value) {
  if (value == kUnknownCount) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

}  // namespace

DelayColumns::Layout::Layout() {
  for (const Column& column : delay_columns()) {
    std::size_t* const next[] = {&words, &longs, &enums, &sketches};  // as ColumnKind
    places.push_back({column.kind, (*next[static_cast<std::size_t>(column.kind)])++});
    const auto number = static_cast<std::size_t>(column.field_number);
    if (place_of_number.size() <= number) place_of_number.resize(number + 1, kNone);
    place_of_number[number] = places.size() - 1;
  }
  const auto slot = [this](std::string_view name) { return places[delay_column(name).value()].slot; };
  path = slot("path");
  start_ms = slot("start_ms");
  duration_ms = slot("duration_ms");
  marks = slot("marks");
  sent = slot("sent");
  received = slot("received");
  lost = slot("lost");
  duplicated = slot("duplicated");
  reordered = slot("reordered");
  late = slot("late");
  stray = slot("stray");
  unreachable = slot("unreachable");
  outcome = slot("outcome");
  timestamp_source = slot("timestamp_source");
  lost_forward = slot("lost_forward");
  lost_backward = slot("lost_backward");
  reordered_forward = slot("reordered_forward");
  reordered_backward = slot("reordered_backward");
  rtt_min = slot("rtt_min");
  rtt_mean = slot("rtt_mean");
  rtt_max = slot("rtt_max");
  forward_min = slot("forward_min");
  forward_max = slot("forward_max");
  backward_min = slot("backward_min");
  backward_max = slot("backward_max");
  error_bound = slot("error_bound");
  clock_bound = slot("clock_bound");
  rtt = slot("rtt");
  forward = slot("forward");
  backward = slot("backward");
  ipdv = slot("ipdv");
}

const DelayColumns::Layout& DelayColumns::layout() {
  static const Layout layout;
  return layout;
}

DelayColumns::DelayColumns() : sketches_(layout().sketches) {}

DelaySketch SketchRows::row(std::size_t i) const {
  std::vector<DelaySketch::Bucket> buckets;
  buckets.reserve(offset[i + 1] - offset[i]);
  for (std::size_t at = offset[i]; at < offset[i + 1]; ++at) buckets.push_back({number[at], count[at]});
  return DelaySketch(std::move(buckets));
}

DelayWindow DelayColumns::row(std::size_t i, WallTime base) const {
  const Layout& l = layout();
  const auto word = [&](std::size_t slot) { return words_[slot * size_ + i]; };
  const auto choice = [&](std::size_t slot) { return enums_[slot * size_ + i]; };
  const auto wide = [&](std::size_t slot) { return longs_[slot * size_ + i]; };
  DelayWindow w;
  w.start = base + std::chrono::milliseconds(word(l.start_ms));
  w.duration = std::chrono::milliseconds(word(l.duration_ms));
  w.outcome = static_cast<Outcome>(choice(l.outcome));
  w.marks = word(l.marks);
  w.sent = word(l.sent);
  w.received = word(l.received);
  w.lost = word(l.lost);
  w.duplicated = word(l.duplicated);
  w.reordered = word(l.reordered);
  w.late = word(l.late);
  w.stray = word(l.stray);
  w.unreachable = word(l.unreachable);
  w.lost_forward = packets(wide(l.lost_forward));
  w.lost_backward = packets(wide(l.lost_backward));
  w.reordered_forward = packets(wide(l.reordered_forward));
  w.reordered_backward = packets(wide(l.reordered_backward));
  w.rtt_min = delay(wide(l.rtt_min), kUnknownRoundTrip);
  w.rtt_mean = delay(wide(l.rtt_mean), kUnknownRoundTrip);
  w.rtt_max = delay(wide(l.rtt_max), kUnknownRoundTrip);
  w.forward_min = delay(wide(l.forward_min), kUnknownOneWay);
  w.forward_max = delay(wide(l.forward_max), kUnknownOneWay);
  w.backward_min = delay(wide(l.backward_min), kUnknownOneWay);
  w.backward_max = delay(wide(l.backward_max), kUnknownOneWay);
  w.timestamp_source = static_cast<TimestampSource>(choice(l.timestamp_source));
  w.error_bound = delay(wide(l.error_bound), kUnknownBound);
  w.clock_bound = delay(wide(l.clock_bound), kUnknownBound);
  w.rtt = rtt().row(i);
  w.forward = forward().row(i);
  w.backward = backward().row(i);
  w.ipdv = ipdv().row(i);
  return w;
}

NumberColumn DelayColumns::numbers(std::size_t column) const {
  const auto [kind, slot] = layout().places[column];
  switch (kind) {
    case ColumnKind::kUint32:
      return std::span(words_).subspan(slot * size_, size_);
    case ColumnKind::kInt64:
      return std::span(longs_).subspan(slot * size_, size_);
    case ColumnKind::kEnum:
      return std::span(enums_).subspan(slot * size_, size_);
    case ColumnKind::kSketch:
      break;
  }
  assert(false && "a sketch has no single number column");
  return std::span<const std::uint32_t>{};
}

const SketchRows& DelayColumns::sketches(std::size_t column) const {
  assert(layout().places[column].kind == ColumnKind::kSketch);
  return sketches_[layout().places[column].slot];
}

std::span<const std::uint32_t> DelayColumns::path() const {
  return std::span(words_).subspan(layout().path * size_, size_);
}
std::span<const std::uint32_t> DelayColumns::start_ms() const {
  return std::span(words_).subspan(layout().start_ms * size_, size_);
}
std::span<const std::uint32_t> DelayColumns::duration_ms() const {
  return std::span(words_).subspan(layout().duration_ms * size_, size_);
}
std::span<const std::uint32_t> DelayColumns::marks() const {
  return std::span(words_).subspan(layout().marks * size_, size_);
}
std::span<const std::uint32_t> DelayColumns::sent() const {
  return std::span(words_).subspan(layout().sent * size_, size_);
}
std::span<const std::uint32_t> DelayColumns::lost() const {
  return std::span(words_).subspan(layout().lost * size_, size_);
}
std::span<const std::int32_t> DelayColumns::outcome() const {
  return std::span(enums_).subspan(layout().outcome * size_, size_);
}
const SketchRows& DelayColumns::rtt() const {
  return sketches_[layout().rtt];
}
const SketchRows& DelayColumns::forward() const {
  return sketches_[layout().forward];
}
const SketchRows& DelayColumns::backward() const {
  return sketches_[layout().backward];
}
const SketchRows& DelayColumns::ipdv() const {
  return sketches_[layout().ipdv];
}

std::size_t DelayColumns::memory_bytes() const {
  std::size_t bytes =
      words_.size() * sizeof(words_[0]) + enums_.size() * sizeof(enums_[0]) + longs_.size() * sizeof(longs_[0]);
  for (const SketchRows& sketch : sketches_) {
    bytes += sketch.offset.size() * sizeof(sketch.offset[0]) + sketch.number.size() * sizeof(sketch.number[0]) +
             sketch.count.size() * sizeof(sketch.count[0]) + sketch.total.size() * sizeof(sketch.total[0]);
  }
  return bytes;
}

}  // namespace gnomon::schema
