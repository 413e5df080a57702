#include "analysis/transfer_scene_for_test.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <utility>
#include <vector>

#include "core/random.h"

namespace gnomon::analysis {
namespace {

constexpr double kStep = 5e-4;
constexpr double kSegment = 1448;
constexpr double kPeriod = 0.1;  // of a quota
constexpr double kForever = 1e18;

// One end's processor: how many bytes it may handle in a step, and what it did.
class Processor {
 public:
  explicit Processor(const SceneCpu& cpu) : cpu_(cpu) {}
  void begin_step(double now) {
    if (const auto period = static_cast<long>(now / kPeriod); period != period_) period_ = period, used_ = 0;
    is_throttled_ = used_ >= cpu_.quota * kPeriod && cpu_.quota < 1;
    budget_ = is_throttled_ ? 0 : cpu_.bytes_per_second * cpu_.share * kStep;
  }
  [[nodiscard]] double budget() const { return budget_; }
  // `wanted`: bytes that were there to be handled; `done` of them were.
  void end_step(double wanted, double done) {
    const double ran = done / cpu_.bytes_per_second;
    used_ += ran;
    running += ran;
    if (is_throttled_ && wanted > 0) throttled += kStep;
    if (wanted <= 0) return;
    waiting += is_throttled_ ? kStep : std::min(kStep - ran, ran * (1 / cpu_.share - 1));
  }
  double running = 0, waiting = 0, throttled = 0;

 private:
  SceneCpu cpu_;
  long period_ = -1;
  double used_ = 0, budget_ = 0;
  bool is_throttled_ = false;
};

// What a stream's bytes do on their way: put in for a later step, taken out when it comes.
class Line {
 public:
  explicit Line(std::size_t steps) : bytes_(steps, 0) {}
  void put(std::size_t step, double bytes) { bytes_[step % bytes_.size()] += bytes; }
  double take(std::size_t step) { return std::exchange(bytes_[step % bytes_.size()], 0); }

 private:
  std::vector<double> bytes_;
};

// What comes after this many bytes waits until the segment that is missing there has come.
struct Hole {
  double after = 0;
  double closes = 0;  // seconds
};

struct Stream {
  explicit Stream(std::size_t steps) : arriving(steps), acks(steps), losses(steps) {}
  Line arriving, acks, losses;
  double unsent = 0, in_flight = 0, to_repeat = 0, acked = 0, repeated = 0, sent = 0, queued = 0;
  double window = 10 * kSegment, threshold = kForever;
  double recovers_until = 0, srtt = 0, loss_carry = 0;
  double wmax = 0, epoch = -1, k = 0, epoch_window = 0;         // CUBIC
  double entered = 0, arrived = 0, in_order = 0, readable = 0;  // receiver
  std::deque<Hole> holes;
  double busy = 0, window_limited = 0, buffer_limited = 0;
  bool starved = false, is_window_limited = false;
  // BBR-like: the rates of the last ten rounds, and where it is in its cycle.
  std::vector<double> rounds;
  double round_end = 0, round_acked = 0, gain = 2.885, full_rate = 0;
  int full_rounds = 0, cycle = 0;
  bool filled = false, drained = false, round_ran_dry = false;
};

class Simulation {
 public:
  explicit Simulation(const Scene& scene)
      : scene_(scene), random_(scene.seed), sender_(scene.sender), receiver_(scene.receiver), min_rtt_(kForever) {
    const double longest = scene.rtt + scene.queue / scene.link + 0.5;
    for (int i = 0; i < scene.streams; ++i) streams_.emplace_back(static_cast<std::size_t>(longest / kStep) + 4);
    if (scene.bucket) tokens_ = scene.bucket->burst;
  }

  schema::Transfer run() {
    schema::Transfer transfer;
    transfer.streams = static_cast<std::uint32_t>(scene_.streams);
    double next = 0.05;
    for (; now_ < scene_.length; ++step_, now_ = static_cast<double>(step_) * kStep) {
      one_step();
      if (now_ < next || received_ == 0) continue;
      transfer.samples.push_back(sample());
      next += 0.05 + 0.02 * (random_.uniform() - 0.5);
    }
    return transfer;
  }

 private:
  void one_step() {
    write();
    std::vector<double> entering(streams_.size(), 0);
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      acknowledge(streams_[i]);
      entering[i] = send(streams_[i]);
    }
    enter_network(entering);
    leave_network();
    read();
  }

  void write() {
    sender_.begin_step(now_);
    if (scene_.pace > 0) pace_credit_ += scene_.pace * kStep;
    double credit = scene_.pace > 0 ? (pace_credit_ >= scene_.block ? pace_credit_ : 0) : kForever;
    double wanted = 0, done = 0;
    const double each = sender_.budget() / static_cast<double>(streams_.size());
    for (Stream& stream : streams_) {
      const double room = std::max(0.0, scene_.send_buffer - stream.unsent - stream.in_flight - stream.to_repeat);
      const double mine = std::min(room, credit / static_cast<double>(streams_.size()));
      const double written = std::min(mine, each);
      wanted += mine, done += written;
      stream.starved = written < room;  // not blocked by its own buffer
      stream.unsent += written;
    }
    if (scene_.pace > 0) pace_credit_ = std::min(pace_credit_ - done, scene_.pace * 0.5 + scene_.block);
    sender_.end_step(wanted, done);
  }

  [[nodiscard]] double queue_delay() const { return queued_ / scene_.link; }

  void acknowledge(Stream& stream) {
    const double acked = stream.acks.take(step_), lost = stream.losses.take(step_);
    if (acked > 0) {
      stream.in_flight -= acked;
      stream.acked += acked;
      const double rtt = scene_.rtt + queue_delay();
      min_rtt_ = std::min(min_rtt_, rtt + scene_.rtt_noise * 0.2 * random_.uniform());
      const double weight = 1 - std::pow(7.0 / 8, std::max(1.0, acked / kSegment / 2));
      stream.srtt = stream.srtt == 0 ? rtt : stream.srtt + weight * (rtt - stream.srtt);
      if (scene_.control == Control::kBbr) {
        stream.round_acked += acked;
      } else {
        grow(stream, acked);
      }
    }
    if (lost > 0) {
      stream.in_flight -= lost;
      stream.to_repeat += lost;
      if (scene_.control != Control::kBbr && now_ >= stream.recovers_until) back_off(stream);
    }
    if (scene_.control == Control::kBbr && now_ >= stream.round_end) end_round(stream);
  }

  void grow(Stream& stream, double acked) {
    if (stream.in_flight + acked < 0.8 * stream.window || now_ < stream.recovers_until) return;
    if (stream.window < stream.threshold) {
      const bool delayed = queue_delay() > std::clamp(scene_.rtt / 8, 0.004, 0.016);
      if (scene_.hystart && delayed) stream.threshold = stream.window;
      stream.window += acked;
      return;
    }
    const double reno = kSegment * acked / stream.window;
    if (scene_.control == Control::kReno) {
      stream.window += reno;
      return;
    }
    if (stream.epoch < 0) {
      stream.epoch = now_;
      stream.wmax = std::max(stream.wmax, stream.window);
      stream.epoch_window = stream.window;
      stream.k = std::cbrt((stream.wmax - stream.window) / kSegment / 0.4);
    }
    const double t = now_ - stream.epoch + stream.srtt;
    const double target = 0.4 * std::pow(t - stream.k, 3) * kSegment + stream.wmax;
    stream.epoch_window += 3 * 0.3 / 1.7 * reno;
    const double step = std::clamp((target - stream.window) / stream.window, 0.0, 0.5) * acked;
    stream.window = std::max(stream.window + step, stream.epoch_window);
  }

  void back_off(Stream& stream) {
    stream.wmax = stream.window < stream.wmax ? stream.window * 0.85 : stream.window;
    stream.window = std::max(2 * kSegment, stream.window * (scene_.control == Control::kReno ? 0.5 : 0.7));
    stream.threshold = stream.window;
    stream.epoch = -1;
    stream.recovers_until = now_ + stream.srtt;
  }

  void end_round(Stream& stream) {
    const double length = std::max(stream.srtt, scene_.rtt);
    const double delivered = stream.round_acked / length;
    const double known = stream.rounds.empty() ? 0 : *std::ranges::max_element(stream.rounds);
    // A round in which there was nothing to send says nothing of the path, unless it was faster than any.
    if (!std::exchange(stream.round_ran_dry, false) || delivered > known) {
      stream.rounds.push_back(delivered);
      if (stream.rounds.size() > 10) stream.rounds.erase(stream.rounds.begin());
    }
    const double best = *std::ranges::max_element(stream.rounds);
    if (!stream.filled) {
      stream.full_rounds = best > 1.25 * stream.full_rate ? 0 : stream.full_rounds + 1;
      stream.full_rate = std::max(stream.full_rate, best);
      stream.filled = stream.full_rounds >= 3;
    } else {
      stream.drained = true;
      stream.cycle = (stream.cycle + 1) % 8;
    }
    stream.gain = !stream.filled      ? 2.885
                  : !stream.drained   ? 0.35
                  : stream.cycle == 0 ? 1.25
                  : stream.cycle == 1 ? 0.75
                                      : 1;
    stream.window =
        std::max({4 * kSegment, (stream.filled ? 2 : 2.885) * best * min_rtt_, stream.filled ? 0 : 10 * kSegment});
    stream.round_acked = 0;
    stream.round_end = now_ + length;
  }

  double send(Stream& stream) {
    const double offered = std::max(0.0, scene_.receive_buffer - stream.readable - (stream.arrived - stream.in_order));
    const double there = stream.unsent + stream.to_repeat;
    double allowed = std::max(0.0, std::min(stream.window, offered) - stream.in_flight);
    if (scene_.control == Control::kBbr && !stream.rounds.empty() && stream.acked > 20 * kSegment) {
      const double paced = stream.gain * *std::ranges::max_element(stream.rounds);
      allowed = std::min(allowed, std::max(paced, 4 * kSegment / scene_.rtt) * kStep);
    }
    const double out = std::min({there, allowed, 1.25e9 * kStep});
    const double again = std::min(out, stream.to_repeat);
    stream.to_repeat -= again, stream.repeated += again;
    stream.unsent -= out - again;
    stream.in_flight += out, stream.sent += out;
    if (stream.in_flight > 0 || stream.unsent > 0) stream.busy += kStep;
    stream.is_window_limited =
        offered < stream.window && stream.in_flight > offered - 2 * kSegment && stream.unsent > 0;
    if (stream.is_window_limited) stream.window_limited += kStep;
    const bool hungry = stream.unsent <= 0 && stream.in_flight < stream.window - kSegment;
    stream.round_ran_dry = stream.round_ran_dry || hungry;
    if (hungry && !stream.starved) stream.buffer_limited += kStep;
    return out;
  }

  // `bytes` of a stream were dropped: whole segments, told by later acknowledgements or, when most of a window is gone,
  // by the timer. `kept` of the same step went on, before them: a queue drops the tail.
  void lose(Stream& stream, double bytes, double kept) {
    if (bytes <= 0) return;
    const double noticed = scene_.rtt + queue_delay() + (bytes > stream.window / 2 ? 0.2 : 0);
    stream.losses.put(step_ + static_cast<std::size_t>(noticed / kStep) + 1, bytes);
    stream.holes.push_back({stream.entered + kept, now_ + noticed + scene_.rtt / 2 + queue_delay() + kStep});
  }

  // Of `bytes` in whole segments, with the rest carried on.
  double whole(Stream& stream, double bytes, double most) {
    stream.loss_carry += bytes / kSegment;
    const double segments = std::floor(stream.loss_carry);
    stream.loss_carry -= segments;
    return std::min(most, segments * kSegment);
  }

  void enter_network(std::vector<double>& entering) {
    double sum = 0;
    for (std::size_t i = 0; i < entering.size(); ++i) {
      if (scene_.loss > 0 && entering[i] > 0) {
        double lost = 0;
        for (double left = entering[i] / kSegment; left > 0; left -= 1) {
          if (random_.uniform() < scene_.loss * std::min(1.0, left)) lost += kSegment;
        }
        lost = std::min(lost, entering[i]);
        entering[i] -= lost;
        lose(streams_[i], lost, entering[i]);
      }
      sum += entering[i];
    }
    if (scene_.bucket) {
      tokens_ = std::min(scene_.bucket->burst, tokens_ + scene_.bucket->bytes_per_second * kStep);
      const double pass = sum > 0 ? std::min(1.0, tokens_ / sum) : 1;
      tokens_ -= drop_share(entering, 1 - pass);
    }
    sum = 0;
    for (const double bytes : entering) sum += bytes;
    const double others = scene_.others && now_ >= scene_.others->from ? scene_.others->bytes_per_second * kStep : 0;
    const double room = std::max(0.0, scene_.queue + scene_.link * kStep - queued_);
    const double excess = sum + others > room ? 1 - room / (sum + others) : 0;
    drop_share(entering, excess);
    for (std::size_t i = 0; i < entering.size(); ++i) {
      streams_[i].queued += entering[i], streams_[i].entered += entering[i], queued_ += entering[i];
    }
    others_queued_ += others * (1 - excess), queued_ += others * (1 - excess);
  }

  // What is left in all.
  double drop_share(std::vector<double>& entering, double share) {
    double left = 0;
    for (std::size_t i = 0; i < entering.size(); ++i) {
      const double lost = share > 0 ? whole(streams_[i], entering[i] * share, entering[i]) : 0;
      entering[i] -= lost;
      lose(streams_[i], lost, entering[i]);
      left += entering[i];
    }
    return left;
  }

  void leave_network() {
    const double share = queued_ > 0 ? std::min(1.0, scene_.link * kStep / queued_) : 0;
    const auto half = static_cast<std::size_t>(std::max(1.0, scene_.rtt / 2 / kStep));
    for (Stream& stream : streams_) {
      const double out = stream.queued * share;
      stream.queued -= out;
      stream.arriving.put(step_ + half, out);
      stream.acks.put(step_ + 2 * half, out);
    }
    others_queued_ -= others_queued_ * share;
    queued_ -= queued_ * share;
  }

  void read() {
    receiver_.begin_step(now_);
    const double each = receiver_.budget() / static_cast<double>(streams_.size());
    double wanted = 0, done = 0;
    for (Stream& stream : streams_) {
      stream.arrived += stream.arriving.take(step_);
      while (!stream.holes.empty() && stream.holes.front().closes <= now_) stream.holes.pop_front();
      const double whole = stream.holes.empty() ? stream.arrived : std::min(stream.arrived, stream.holes.front().after);
      stream.readable += std::max(0.0, whole - stream.in_order);
      stream.in_order = std::max(stream.in_order, whole);
      const double bytes = std::min(stream.readable, each);
      wanted += stream.readable, done += bytes;
      stream.readable -= bytes;
    }
    if (received_ == 0 && done > 0) began_ = now_;
    received_ += done;
    receiver_.end_step(wanted, done);
  }

  static Nanoseconds time_of(double seconds) { return Nanoseconds(static_cast<std::int64_t>(seconds * 1e9)); }

  schema::CpuUse cpu_use(const Processor& cpu, double& noise) {
    noise += 0.002 * random_.uniform();  // others on the machine
    return {time_of(cpu.running), time_of(cpu.running), time_of(cpu.waiting + noise), time_of(cpu.throttled)};
  }

  schema::TransferSample sample() {
    schema::TransferSample sample;
    sample.at = time_of(now_ - began_ + 0.002 * random_.uniform());
    sample.received_bytes = static_cast<std::uint64_t>(received_);
    schema::SenderTcp tcp;
    const auto count = static_cast<double>(streams_.size());
    double acked = 0, sent = 0, repeated = 0, rtt = 0, busy = 0, window = 0, buffer = 0, unsent = 0, cwnd = 0, idle = 0;
    for (const Stream& stream : streams_) {
      acked += stream.acked, sent += stream.sent, repeated += stream.repeated, rtt += stream.srtt / count;
      busy += stream.busy / count, window += stream.window_limited / count, buffer += stream.buffer_limited / count;
      unsent += stream.unsent, cwnd += stream.window;
      idle += stream.unsent <= 0 && stream.in_flight < stream.window ? 1 : 0;
    }
    tcp.acked_bytes = static_cast<std::uint64_t>(acked);
    tcp.sent_segments = static_cast<std::uint64_t>(sent / kSegment);
    tcp.retransmitted_segments = static_cast<std::uint64_t>(repeated / kSegment);
    tcp.rtt = time_of(rtt - scene_.rtt_noise * std::log(1 - random_.uniform()));
    tcp.min_rtt = time_of(std::min(min_rtt_, 100.0));
    tcp.busy = time_of(busy), tcp.window_limited = time_of(window), tcp.buffer_limited = time_of(buffer);
    tcp.congestion_window_bytes = static_cast<std::uint64_t>(cwnd);
    tcp.unsent_bytes = static_cast<std::uint64_t>(unsent);
    tcp.application_limited = idle * 2 > count;
    sample.tcp = tcp;
    sample.sender_cpu = cpu_use(sender_, sender_noise_);
    sample.receiver_cpu = cpu_use(receiver_, receiver_noise_);
    return sample;
  }

  Scene scene_;
  SeededRandom random_;
  Processor sender_, receiver_;
  std::vector<Stream> streams_;
  std::size_t step_ = 0;
  double now_ = 0, min_rtt_, tokens_ = 0, queued_ = 0, others_queued_ = 0, received_ = 0, pace_credit_ = 0;
  double sender_noise_ = 0, receiver_noise_ = 0, began_ = 0;
};

}  // namespace

schema::Transfer simulate(const Scene& scene) {
  return Simulation(scene).run();
}

}  // namespace gnomon::analysis
