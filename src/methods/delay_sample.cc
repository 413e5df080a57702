#include "methods/delay_sample.h"

#include <algorithm>

namespace gnomon::methods {
namespace {

using schema::TimestampSource;

// Two clock reads on two cores may differ by this; a timestamp outside of its bracket by less is still believed.
constexpr Nanoseconds kClockReadSlack = std::chrono::microseconds(2);

// Between both kernel timestamps lies the work of a few microseconds, in the midst of which the packet leaves. When
// they are farther apart, it has waited in the device's queue, and left at the end.
constexpr Nanoseconds kQueued = std::chrono::microseconds(100);

// A moment and how far it may be from the truth.
struct Moment {
  MonotonicTime at;
  Nanoseconds bound{};
  TimestampSource source = TimestampSource::kUser;
};

MonotonicTime to_monotonic(WallTime time, Nanoseconds offset) {
  return {time.since_epoch - offset};
}

bool within(MonotonicTime time, MonotonicTime first, MonotonicTime last) {
  return time >= first - kClockReadSlack && time <= last + kClockReadSlack;
}

Moment sending_moment(const SendTimes& send, MonotonicTime read) {
  std::optional<MonotonicTime> scheduled, transmitted;
  if (send.scheduled) scheduled = to_monotonic(*send.scheduled, send.wall_offset);
  if (send.transmitted) transmitted = to_monotonic(*send.transmitted, send.wall_offset);
  // Outside of the bracket they belong to another packet, or the wall clock was stepped meanwhile.
  if (scheduled && !within(*scheduled, send.before, read)) scheduled.reset();
  if (transmitted && !within(*transmitted, send.before, read)) transmitted.reset();
  if (transmitted) {
    const auto first = scheduled && *scheduled <= *transmitted ? *scheduled : std::min(send.before, *transmitted);
    const auto width = *transmitted - first;
    if (width > kQueued) return {*transmitted, width, TimestampSource::kKernel};
    return {first + width / 2, width - width / 2, TimestampSource::kKernel};
  }
  if (scheduled && *scheduled <= send.after) {
    return {*scheduled, send.after - *scheduled, TimestampSource::kKernel};
  }
  const auto half = (send.after - send.before) / 2;
  return {send.before + half, half, TimestampSource::kUser};
}

Moment receiving_moment(const ReceiveTimes& receive, const Moment& sent) {
  if (receive.kernel && !receive.offset_uncertain) {
    const auto at = to_monotonic(*receive.kernel, receive.wall_offset);
    if (within(at, sent.at - sent.bound, receive.read)) return {at, Nanoseconds{}, TimestampSource::kKernel};
  }
  const auto first = std::max(receive.empty, sent.at - sent.bound);
  return {receive.read, std::max(receive.read - first, Nanoseconds{}), TimestampSource::kUser};
}

void add_one_way(DelaySample& sample, const Moment& sent, const Moment& received, const SendTimes& send,
                 const ReceiveTimes& receive, const ReflectorTimes& reflector, const LocalClock& clock) {
  if (sample.clock_stepped) return;
  sample.forward = reflector.received - WallTime{sent.at.since_boot + send.wall_offset};
  sample.backward = WallTime{received.at.since_boot + receive.wall_offset} - reflector.sent;
  if (clock.shared_with_reflector) {
    sample.clock_bound = sample.error_bound;
  } else if (clock.error && reflector.clock_error) {
    sample.clock_bound = *clock.error + *reflector.clock_error + sample.error_bound;
  }
  const auto least = -sample.clock_bound.value_or(sample.error_bound);
  if (*sample.forward < least || *sample.backward < least) sample.clock_fault = true;
}

}  // namespace

DelaySample measure_delay(const SendTimes& send, const ReceiveTimes& receive,
                          const std::optional<ReflectorTimes>& reflector, const LocalClock& clock) {
  const Moment sent = sending_moment(send, receive.read);
  const Moment received = receiving_moment(receive, sent);
  DelaySample sample;
  sample.received = received.at;
  sample.source = std::max(sent.source, received.source);
  sample.error_bound = sent.bound + received.bound;
  sample.clock_stepped = receive.offset_uncertain || send.wall_offset != receive.wall_offset;
  const Nanoseconds total = received.at - sent.at;
  sample.rtt = total;
  if (reflector) {
    const Nanoseconds residence = reflector->sent - reflector->received;
    const bool possible = residence >= Nanoseconds{} && residence <= total + sample.error_bound;
    if (possible) sample.rtt = total - residence;
    if (!possible) sample.clock_fault = true;
    add_one_way(sample, sent, received, send, receive, *reflector, clock);
  }
  // Both moments may be off by their bounds; a round trip below zero is none.
  sample.rtt = std::max(sample.rtt, Nanoseconds{});
  return sample;
}

}  // namespace gnomon::methods
