// From the columns, which follow the schema, to the named fields of Point.

#include <bit>

#include "store/accumulator.h"

namespace gnomon::store {

namespace {

// Places of Point's fields among level_columns().scalars; npos for a column that the schema no longer has.
struct Places {
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);
  static std::size_t of(std::string_view name) {
    const auto& scalars = level_columns().scalars;
    for (std::size_t c = 0; c < scalars.size(); ++c) {
      if (scalars[c].name == name) return c;
    }
    return kAbsent;
  }
  std::size_t duration = of("duration_ms"), outcome = of("outcome"), marks = of("marks"), sent = of("sent"),
              received = of("received"), lost = of("lost"), duplicated = of("duplicated"), reordered = of("reordered"),
              late = of("late"), stray = of("stray"), unreachable = of("unreachable"),
              lost_forward = of("lost_forward"), lost_backward = of("lost_backward"),
              reordered_forward = of("reordered_forward"), reordered_backward = of("reordered_backward"),
              rtt_min = of("rtt_min"), rtt_mean = of("rtt_mean"), rtt_max = of("rtt_max"),
              forward_min = of("forward_min"), forward_max = of("forward_max"), backward_min = of("backward_min"),
              backward_max = of("backward_max"), timestamp_source = of("timestamp_source"),
              error_bound = of("error_bound"), clock_bound = of("clock_bound");
};

}  // namespace

Point Accumulator::point(std::size_t slot) const {
  static const Places at;
  const auto known = [&](std::size_t c) {
    return c != Places::kAbsent && choice_.has_scalar(c) && scalars_[c].known[slot] != 0;
  };
  const auto number = [&](std::size_t c) { return known(c) ? scalars_[c].value[slot] : 0; };
  const auto count = [&](std::size_t c) { return static_cast<std::uint64_t>(number(c)); };
  const auto known_count = [&](std::size_t c) { return known(c) ? std::optional(count(c)) : std::nullopt; };
  const auto delay = [&](std::size_t c) { return known(c) ? std::optional(Nanoseconds(number(c))) : std::nullopt; };

  Point p;
  p.windows = static_cast<std::uint64_t>(windows_[slot]);
  p.measured = std::chrono::milliseconds(number(at.duration));
  p.outcome = static_cast<schema::Outcome>(number(at.outcome));
  p.marks = static_cast<std::uint32_t>(number(at.marks));
  p.sent = count(at.sent);
  p.received = count(at.received);
  p.lost = count(at.lost);
  p.duplicated = count(at.duplicated);
  p.reordered = count(at.reordered);
  p.late = count(at.late);
  p.stray = count(at.stray);
  p.unreachable = count(at.unreachable);
  p.lost_forward = known_count(at.lost_forward);
  p.lost_backward = known_count(at.lost_backward);
  p.reordered_forward = known_count(at.reordered_forward);
  p.reordered_backward = known_count(at.reordered_backward);
  p.rtt_min = delay(at.rtt_min);
  if (known(at.rtt_mean) && p.received > 0) {
    p.rtt_mean = Nanoseconds(number(at.rtt_mean) / static_cast<std::int64_t>(p.received));
  }
  p.rtt_max = delay(at.rtt_max);
  p.forward_min = delay(at.forward_min);
  p.forward_max = delay(at.forward_max);
  p.backward_min = delay(at.backward_min);
  p.backward_max = delay(at.backward_max);
  p.timestamp_source = static_cast<schema::TimestampSource>(number(at.timestamp_source));
  p.error_bound = delay(at.error_bound);
  p.clock_bound = delay(at.clock_bound);
  DelaySketch* const targets[] = {&p.rtt, &p.forward, &p.backward, &p.ipdv};
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    const unsigned bit = level_columns().sketches[k].bit;
    if (bit == 0 || sketches_[k].empty()) continue;
    *targets[std::countr_zero(bit)] = DelaySketch(sketches_[k][slot].buckets());
  }
  return p;
}

}  // namespace gnomon::store
