#include "methods/packet_series.h"

#include <algorithm>
#include <utility>

namespace gnomon::methods {
namespace {

using Fate = PacketReport::Fate;
using State = PacketRecord::State;

// How far a packet may be behind and still count as overtaken; beyond this, the reflector has begun to count anew.
constexpr std::uint32_t kReorderExtent = 64;

// Twice the time-out, so that late and doubled answers are known for what they are.
std::size_t ring_capacity(const SeriesOptions& options) {
  return static_cast<std::size_t>(2 * options.timeout / options.interval) + 8;
}

// The first end of a window after `now`.
MonotonicTime window_end(MonotonicTime now, const SeriesOptions& options) {
  const auto since = now - options.grid;
  auto windows = since / options.window;
  if (since < Nanoseconds{} && since % options.window != Nanoseconds{}) --windows;
  return options.grid + (windows + 1) * options.window;
}

template <typename Value>
void lower(std::optional<Value>& least, Value value) {
  if (!least || value < *least) least = value;
}
template <typename Value>
void raise(std::optional<Value>& greatest, Value value) {
  if (!greatest || value > *greatest) greatest = value;
}

bool newer(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) > 0;
}

// Whether number `late` follows `early` although it is below it (RFC 4737 §3).
bool out_of_order(std::uint32_t early, std::uint32_t late) {
  return newer(early, late) && early - late <= kReorderExtent;
}

}  // namespace

PacketSeries::PacketSeries(const SeriesOptions& options)
    : options_(options),
      ring_(ring_capacity(options)),
      direction_(options.stateful_reflector),
      response_(options.interval),
      cuts_(options.window >= 2 * ResponseChange::kLeastLength) {}

PacketSeries::OpenWindow& PacketSeries::window_at(MonotonicTime now, Nanoseconds wall_offset) {
  if (!windows_.empty() && now < windows_.back().end) return windows_.back();
  OpenWindow window;
  window.number = next_window_++;
  window.end = window_end(now, options_);
  window.start = std::max(window.end - options_.window, options_.start);
  window.due = window.end + options_.timeout;
  window.last = window.due + options_.timeout;
  window.result.start = WallTime{window.start.since_boot + wall_offset};
  return windows_.emplace_back(std::move(window));
}

PacketSeries::OpenWindow* PacketSeries::find_window(std::uint32_t number) {
  for (auto& window : windows_) {
    if (window.number == number) return &window;
  }
  return nullptr;
}

PacketSeries::OpenWindow* PacketSeries::window_for_extra(std::uint32_t number) {
  if (auto* own = find_window(number)) return own;
  return windows_.empty() ? nullptr : &windows_.back();
}

void PacketSeries::sent(const SendTimes& times, std::uint64_t cookie, bool late) {
  decide(times.before);  // so that the ring never drops a packet undecided
  auto& window = window_at(times.before, times.wall_offset);
  ++window.result.sent;
  if (late) window.result.marks |= schema::kMarkEngineLate;
  auto& record = ring_.push();
  record.send = times;
  record.cookie = cookie;
  record.window = window.number;
}

void PacketSeries::not_sent(MonotonicTime now, Nanoseconds wall_offset, std::string_view reason) {
  ++window_at(now, wall_offset).not_sent;
  PacketReport out;
  out.sequence = ring_.next();
  out.fate = Fate::kNotSent;
  out.reason = reason;
  report(std::move(out));
}

void PacketSeries::kernel_sent(std::uint32_t sequence, bool scheduled, WallTime time) {
  if (!ring_.holds(sequence)) return;
  auto& send = ring_.at(sequence).send;
  (scheduled ? send.scheduled : send.transmitted) = time;
}

bool PacketSeries::answered(const ReceivedAnswer& answer, const ReceiveTimes& times, const LocalClock& clock) {
  if (!ring_.holds(answer.sequence) || ring_.at(answer.sequence).cookie != answer.cookie) {
    stray(times.read);
    return false;
  }
  auto& record = ring_.at(answer.sequence);
  if (record.state == State::kAnswered) {
    count_extra(record, answer, false);
    return true;
  }
  const auto sample = measure_delay(record.send, times, answer.reflector, clock);
  auto* window = find_window(record.window);
  if (record.state == State::kLost || window == nullptr || sample.received > record.send.before + options_.timeout) {
    count_extra(record, answer, true);
    return true;
  }
  count_answer(*window, record, sample, answer);
  return true;
}

void PacketSeries::count_answer(OpenWindow& window, PacketRecord& record, const DelaySample& sample,
                                const ReceivedAnswer& answer) {
  auto& result = window.result;
  record.state = State::kAnswered;
  record.rtt = sample.rtt;
  record.has_remote = answer.remote_sequence.has_value();
  record.remote_sequence = answer.remote_sequence.value_or(0);
  ++result.received;
  if (newest_answered_ && newer(*newest_answered_, answer.sequence)) ++result.reordered;
  if (!newest_answered_ || newer(answer.sequence, *newest_answered_)) newest_answered_ = answer.sequence;
  if (answer.remote_sequence && overtaken_backward(*answer.remote_sequence)) ++window.reordered_backward;
  window.rtt_sum += sample.rtt;
  lower(result.rtt_min, sample.rtt);
  raise(result.rtt_max, sample.rtt);
  result.rtt.add(sample.rtt);
  raise(result.error_bound, sample.error_bound);
  result.timestamp_source = std::max(result.timestamp_source, sample.source);
  if (sample.forward && sample.backward) {
    lower(result.forward_min, *sample.forward);
    raise(result.forward_max, *sample.forward);
    result.forward.add(*sample.forward);
    lower(result.backward_min, *sample.backward);
    raise(result.backward_max, *sample.backward);
    result.backward.add(*sample.backward);
    if (sample.clock_bound) raise(result.clock_bound, *sample.clock_bound);
  }
  if (sample.clock_stepped) result.marks |= schema::kMarkClockStepped;
  if (sample.clock_fault) result.marks |= schema::kMarkClockFault;
  if (!options_.report_packets) return;
  PacketReport out{answer.sequence,
                   Fate::kAnswered,
                   sample.rtt,
                   sample.error_bound,
                   sample.source,
                   sample.forward,
                   sample.backward,
                   sample.clock_bound,
                   answer.ttl,
                   std::nullopt,
                   {}};
  report(std::move(out));
}

void PacketSeries::count_extra(PacketRecord& record, const ReceivedAnswer& answer, bool late) {
  if (auto* window = window_for_extra(record.window)) ++(late ? window->result.late : window->result.duplicated);
  if (!late && record.has_remote && answer.remote_sequence && *answer.remote_sequence != record.remote_sequence) {
    direction_.duplicated_forward();
  }
  if (answer.remote_sequence) overtaken_backward(*answer.remote_sequence);  // it may have overtaken others
  if (late && record.state != State::kLost) return;                         // decided as lost when its time comes
  PacketReport out;
  out.sequence = answer.sequence;
  out.fate = late ? Fate::kLate : Fate::kDuplicate;
  report(std::move(out));
}

bool PacketSeries::refused(std::uint32_t sequence, std::optional<std::uint64_t> cookie, const net::Address* reporter,
                           std::string_view reason) {
  if (!ring_.holds(sequence)) return false;
  auto& record = ring_.at(sequence);
  if (cookie && *cookie != record.cookie) return false;
  if (record.state != State::kUnderWay) return true;
  record.state = State::kRefused;
  if (auto* window = find_window(record.window)) ++window->result.unreachable;
  PacketReport out;
  out.sequence = sequence;
  out.fate = Fate::kUnreachable;
  if (reporter != nullptr) out.reporter = *reporter;
  out.reason = reason;
  report(std::move(out));
  return true;
}

void PacketSeries::stray(MonotonicTime) {
  if (!windows_.empty()) ++windows_.back().result.stray;
  PacketReport out;
  out.fate = Fate::kStray;
  report(std::move(out));
}

void PacketSeries::wall_clock_stepped() {
  mark(schema::kMarkClockStepped);
}

void PacketSeries::mark(std::uint32_t marks) {
  for (auto& window : windows_) window.result.marks |= marks;
}

void PacketSeries::decide(MonotonicTime now) {
  while (undecided_ != ring_.next()) {
    auto& record = ring_.at(undecided_);
    if (record.state == State::kAnswered) {
      decide_answered(undecided_, record);
    } else if (now >= record.send.before + options_.timeout || (finishing_ && record.state == State::kRefused)) {
      decide_lost(undecided_, record);
    } else {
      return;
    }
    ++undecided_;
  }
}

void PacketSeries::decide_answered(std::uint32_t sequence, PacketRecord& record) {
  response_.decided({sequence, record.send.before, record.window, true, false});
  // RFC 3393 §3.4: consecutive packets, both answered.
  if (ring_.holds(sequence - 1) && ring_.at(sequence - 1).state == State::kAnswered) {
    if (auto* window = find_window(record.window)) window->result.ipdv.add(record.rtt - ring_.at(sequence - 1).rtt);
  }
  if (!record.has_remote) return;
  direction_.answered(sequence, record.remote_sequence);
  find_reordered_forward(sequence, record);
}

bool PacketSeries::overtaken_backward(std::uint32_t remote_sequence) {
  if (greatest_returned_ && out_of_order(*greatest_returned_, remote_sequence)) return true;
  // A copy of the newest answer changes nothing; a number far below it is of a reflector that began anew.
  greatest_returned_ = remote_sequence;
  return false;
}

void PacketSeries::find_reordered_forward(std::uint32_t sequence, const PacketRecord& record) {
  if (!greatest_remote_ || !out_of_order(*greatest_remote_, record.remote_sequence)) {
    greatest_remote_ = record.remote_sequence;
    return;
  }
  // Packets sent earlier that reached the reflector after this one were overtaken.
  for (std::uint32_t back = 1; back <= kReorderExtent && ring_.holds(sequence - back); ++back) {
    auto& earlier = ring_.at(sequence - back);
    if (!earlier.has_remote || earlier.reordered_forward) continue;
    if (!out_of_order(earlier.remote_sequence, record.remote_sequence)) continue;
    earlier.reordered_forward = true;
    if (auto* window = window_for_extra(earlier.window)) ++window->reordered_forward;
  }
}

void PacketSeries::decide_lost(std::uint32_t sequence, PacketRecord& record) {
  const bool refused = record.state == State::kRefused;
  response_.decided({sequence, record.send.before, record.window, false, refused});
  record.state = State::kLost;
  if (auto* window = find_window(record.window)) ++window->result.lost;
  direction_.lost(record.window);
  if (refused) return;  // reported when the error came
  PacketReport out;
  out.sequence = sequence;
  out.fate = Fate::kLost;
  report(std::move(out));
}

void PacketSeries::report(PacketReport report) {
  if (options_.report_packets) reports_.push_back(std::move(report));
}

}  // namespace gnomon::methods
