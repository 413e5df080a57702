#include "analysis/transfer_limit.h"

#include <algorithm>

#include "analysis/transfer_limit_text.h"

namespace gnomon::analysis {

namespace {

// Where each comes from: docs/methods/limits.md.
constexpr double kCpuWanted = 0.85;  // of the time the busiest thread ran or was ready
constexpr double kCpuSuspect = 0.65;
constexpr double kCpuIdle = 0.7;          // below it a processor is no suspect
constexpr double kThrottled = 0.1;        // of the time the quota was used up
constexpr double kEmptySocket = 0.6;      // of the samples nothing waited to be sent
constexpr double kFullSocket = 0.3;       // at most, for the network to be asked
constexpr double kHeldBack = 0.4;         // of the time, by the receiver's window or the sender's buffer
constexpr double kHardlyHeldBack = 0.25;  // below it they are no suspects
constexpr double kQueueShare = 0.1;       // of the least round trip, that a queue adds at least
constexpr double kQueueLeast = 5e-4;      // seconds
constexpr double kNoQueueShare = 0.075;   // below which there is none in nine tenths of the time
constexpr double kQueueSegments = 4;      // in it
constexpr double kDeepQueue = 0.25;       // of the least round trip: more than noise adds
constexpr double kFlat = 0.05;            // spread of the rates of a stream that is held at one rate
constexpr double kUneven = 0.12;          // and of one that chance holds back
constexpr double kCeiling = 0.03;         // how far above the median the greatest rates of such a stream are
constexpr double kFewLosses = 0.02;       // a bucket that BBR overruns loses more
constexpr double kDropsMost = 0.1;        // of the segments, sent again in the second half
constexpr double kHeldUnevenly = 0.35;    // spread of the rates of a stream that a bucket holds, at most
constexpr double kFollows = 0.85;         // correlation
constexpr int kFewestEpisodes = 5;
constexpr int kManyEpisodes = 10;
// Rank of the window at a loss by chance; 1 is at its greatest. An emptied bucket loses at the bottom as well.
constexpr double kChanceRank = 0.8, kLeastChanceRank = 0.3;
constexpr double kHeavyLoss = 0.05;  // without a queue: a bucket, or a queue too small to be seen
constexpr double kGigabit = 125e6;   // bytes per second
// More than a stream's socket holds (tcp_rmem's usual maximum is 6 MB), and a share of all: a proxy.
constexpr double kHeldBetween = 16e6, kHeldShare = 0.25;

class Judge {
 public:
  Judge(const schema::Transfer& transfer, const TransferFacts& facts) : transfer_(transfer), facts_(facts) {}

  TransferLimit verdict() {
    measure();
    if (!is_split() && !ends() && !windows() && facts_.sender && is_asked()) network();
    if (result_.confidence < kLeastConfidence) result_.limit = Limit::kUnsure;
    return std::move(result_);
  }

 private:
  void see(std::string name, Text what, double value, std::string unit, double threshold) {
    result_.evidence.push_back({std::move(name), std::move(what), value, std::move(unit), threshold});
  }
  bool decide(Limit limit, double confidence) {
    result_.limit = limit;
    result_.confidence = std::clamp(confidence, 0.0, 0.99);
    return true;
  }
  // How far beyond a threshold, as a confidence: 0.7 at the threshold, 0.95 at `sure`.
  static double beyond(double value, double threshold, double sure) {
    return 0.7 + 0.25 * std::clamp((value - threshold) / (sure - threshold), 0.0, 1.0);
  }

  // Everything that was seen, whatever it will lead to.
  void measure() {
    if (facts_.sender_cpu)
      see_cpu("sender", {"the sender's busiest thread ran or was ready", "发送端最忙的线程在运行或等待运行"},
              *facts_.sender_cpu);
    if (facts_.receiver_cpu)
      see_cpu("receiver", {"the receiver's busiest thread ran or was ready", "接收端最忙的线程在运行或等待运行"},
              *facts_.receiver_cpu);
    see("rate_spread", {"spread of the rates of half seconds", "每半秒速率的离散程度"}, 100 * facts_.spread, "%",
        100 * kFlat);
    if (!facts_.sender) return;
    const SenderFacts& sender = *facts_.sender;
    see("socket_empty", {"nothing waited in the sender's socket", "发送端套接字中无待发数据"}, 100 * sender.empty, "%",
        100 * kEmptySocket);
    see("receive_window_limited", {"held back by the receive window", "受接收窗口限制"}, 100 * sender.window_limited,
        "%", 100 * kHeldBack);
    see("send_buffer_limited", {"held back by the send buffer", "受发送缓冲区限制"}, 100 * sender.buffer_limited, "%",
        100 * kHeldBack);
    see("queue_delay", {"median round trip above the least", "往返时延中位数高出最小值"},
        1e3 * (sender.rtt - sender.base_rtt), "ms", 1e3 * std::max(kQueueLeast, kQueueShare * sender.base_rtt));
    see("retransmitted", {"segments sent again", "重传的报文段"}, 100 * sender.loss_ratio, "%", 0);
    see("rate_follows_window", {"correlation of rate and congestion window", "速率与拥塞窗口的相关系数"},
        sender.rate_follows, "", kFollows);
    if (sender.loss_episodes == 0) return;
    see("loss_rank", {"rank of the congestion window at a loss", "丢包时拥塞窗口的相对位置"}, sender.loss_rank, "",
        kChanceRank);
    see("loss_episodes", {"times that losses began", "丢包事件次数"}, sender.loss_episodes, "", kFewestEpisodes);
  }
  void see_cpu(const char* end, Text what, const CpuFacts& cpu) {
    see(std::string(end) + "_cpu", std::move(what), 100 * cpu.wanted(), "%", 100 * kCpuWanted);
    if (cpu.throttled <= 0) return;
    see(std::string(end) + "_throttled", {"its quota of processor time was used up", "处理器时间配额用尽"},
        100 * cpu.throttled, "%", 100 * kThrottled);
  }

  static double cpu_suspicion(const std::optional<CpuFacts>& cpu) {
    if (!cpu) return 0;
    const double by_thread = cpu->wanted() >= kCpuWanted ? beyond(cpu->wanted(), kCpuWanted, 0.97) : 0;
    const double by_quota = cpu->throttled >= kThrottled ? beyond(cpu->throttled, kThrottled, 0.3) : 0;
    return std::max(by_thread, by_quota);
  }
  [[nodiscard]] Limit cpu_of(bool sender) const {
    const bool client = (transfer_.direction == schema::Direction::kUp) == sender;
    return client ? Limit::kClientCpu : Limit::kServerCpu;
  }
  [[nodiscard]] bool is_starved() const { return facts_.sender && facts_.sender->empty >= kEmptySocket; }

  // The pace that was asked for is reached. The kernel keeps it, with a full socket: nothing else shows it.
  [[nodiscard]] bool is_at_pace() const {
    constexpr double kAtPace = 0.93;  // headers count in the kernel's pace and not in the rate
    return transfer_.pace_bps > 0 && 8 * facts_.rate >= kAtPace * transfer_.pace_bps;
  }

  // Somebody between took far more than came out: the sender's TCP ends there, and tells nothing of the way behind.
  bool is_split() {
    const double sockets = kHeldBetween * std::max(1U, transfer_.streams);
    if (!facts_.sender || facts_.sender->held_between < sockets ||
        facts_.sender->held_between < kHeldShare * facts_.sender->acked) {
      return false;
    }
    see("held_between", {"acknowledged to the sender and not received", "已向发送端确认但未收到"},
        facts_.sender->held_between, "B", sockets);
    return decide(Limit::kUnsure, 0);
  }

  // The programs at both ends: their processors, or their pace.
  bool ends() {
    if (is_at_pace()) return decide(Limit::kSenderApplication, 0.95);
    const double sender = cpu_suspicion(facts_.sender_cpu), receiver = cpu_suspicion(facts_.receiver_cpu);
    const bool buffer_held = facts_.sender && facts_.sender->buffer_limited >= kHardlyHeldBack;
    if (sender > 0 && receiver > 0) return decide(Limit::kUnsure, 0);
    if (receiver > 0) return decide(cpu_of(false), is_starved() && !buffer_held ? receiver - 0.15 : receiver);
    // An empty socket, or one that runs dry while the quota is used up.
    const bool dry = facts_.sender && facts_.sender->empty >= kFullSocket;
    if (sender > 0) return decide(cpu_of(true), is_starved() ? sender : dry ? sender - 0.1 : 0);
    if (!is_starved() || buffer_held) return false;
    if (facts_.sender_cpu && facts_.sender_cpu->wanted() > kCpuIdle) return decide(Limit::kUnsure, 0);
    const double known = transfer_.paced_by_sender ? 0.97 : facts_.sender_cpu ? 0.9 : 0.65;
    return decide(Limit::kSenderApplication, std::min(known, beyond(facts_.sender->empty, kEmptySocket, 0.9)));
  }

  [[nodiscard]] double queue_delay() const { return facts_.sender->rtt - facts_.sender->base_rtt; }
  // A queue that stands: longer than noise, and of more than a few segments.
  [[nodiscard]] bool queue_stands() const {
    const SenderFacts& sender = *facts_.sender;
    return queue_delay() >= std::max(kQueueLeast, kQueueShare * sender.base_rtt) &&
           queue_delay() * facts_.rate >= kQueueSegments * sender.segment;
  }
  [[nodiscard]] bool queue_is_deep() const {
    return queue_stands() && queue_delay() >= kDeepQueue * facts_.sender->base_rtt;
  }

  // Neither a queue nor a loss nor an empty socket. A sender that paces waits for its pace as well, and the kernel
  // counts that time as neither: less of it held back by a window is then enough.
  [[nodiscard]] bool nothing_else_holds() const {
    const SenderFacts& sender = *facts_.sender;
    return sender.retransmitted == 0 && !queue_stands() && sender.empty <= kFullSocket;
  }

  // The receiver's window and the sender's buffer, by the time that the kernel counts.
  bool windows() {
    if (!facts_.sender) return false;
    const SenderFacts& sender = *facts_.sender;
    const double most = std::max(sender.window_limited, sender.buffer_limited);
    // A sender that paces its packets waits for the pace as well, but finds its socket empty.
    const bool small_buffer = sender.buffer_limited >= kHardlyHeldBack && is_starved();
    if (most < (nothing_else_holds() ? kHardlyHeldBack : kHeldBack) && !small_buffer) return false;
    if (sender.retransmitted == 0 && queue_is_deep() && facts_.spread <= kFlat && sender.base_rtt > 1e-3) {
      // The window holds it, but the link is full as well: a larger one would only lengthen the queue.
      return decide(Limit::kNetworkRate, 0.65);
    }
    result_.window = {static_cast<std::uint64_t>(facts_.rate * sender.rtt)};
    result_.window_for_gigabit = {static_cast<std::uint64_t>(kGigabit * sender.base_rtt)};
    const bool by_window = sender.window_limited >= sender.buffer_limited;
    // A receiver that could not be looked into may be slow instead.
    const double known = facts_.receiver_cpu ? 0.97 : 0.7;
    const double held = std::max(most, kHeldBack);
    return decide(by_window ? Limit::kReceiveWindow : Limit::kSendBuffer,
                  std::min(known, beyond(held, kHeldBack, 0.8) - (by_window ? 0 : 0.05)));
  }

  // Whether the sender waited for congestion control nearly all of the time.
  [[nodiscard]] bool is_asked() const {
    const SenderFacts& sender = *facts_.sender;
    // A processor in great demand makes deliveries uneven, and may be what drops: only a steady rate speaks against it.
    const double wanted = std::max(facts_.sender_cpu ? facts_.sender_cpu->wanted() : 0,
                                   facts_.receiver_cpu ? facts_.receiver_cpu->wanted() : 0);
    if (wanted > kCpuSuspect && facts_.spread > kFlat) return false;
    return sender.empty <= kFullSocket && sender.window_limited < kHardlyHeldBack &&
           sender.buffer_limited < kHardlyHeldBack;
  }

  // Losses that come at any size of the window. Too few of them tell nothing.
  [[nodiscard]] bool is_by_chance() const {
    return facts_.sender->loss_episodes >= kFewestEpisodes && facts_.sender->loss_rank <= kChanceRank &&
           facts_.sender->loss_rank >= kLeastChanceRank;
  }

  // Half of the time at one greatest rate, and a queue that comes when more is tried and goes: BBR at a link over a
  // long path. Dips, by chance or of the ends, make the rate uneven but pass no ceiling. A policer has no queue.
  [[nodiscard]] bool is_under_a_ceiling() const {
    const SenderFacts& sender = *facts_.sender;
    const double tries = sender.rtt_high - sender.base_rtt;
    // The rise may have filled the queue and lost much: a deep queue is no bucket either.
    const bool few_losses = sender.loss_ratio < kFewLosses ||
                            (sender.late_loss_ratio < kFewLosses && tries >= kDeepQueue * sender.base_rtt);
    return facts_.ceiling <= kCeiling && few_losses &&
           tries >= std::max(kQueueLeast, kQueueShare / 2 * sender.base_rtt) &&
           tries * facts_.rate >= kQueueSegments * sender.segment;
  }

  // A tenth of the time a queue, that comes when more is tried, and losses by chance that make the rate uneven: BBR at
  // a link over a long path that loses.
  [[nodiscard]] bool fills_now_and_then() const {
    const SenderFacts& sender = *facts_.sender;
    const double waits = sender.rtt_p90 - sender.base_rtt;
    return facts_.spread <= kHeldUnevenly && sender.late_loss_ratio < kFewLosses &&
           waits >= std::max(kQueueLeast, kNoQueueShare * sender.base_rtt) &&
           waits * facts_.rate >= kQueueSegments * sender.segment;
  }

  // Without a queue to be seen: one rate all the time, or losses always at the top of the window.
  [[nodiscard]] bool is_held_flat() const {
    if (facts_.sender->loss_ratio >= kHeavyLoss) return false;
    if (facts_.spread <= kFlat || is_under_a_ceiling()) return true;
    return facts_.spread <= kUneven && facts_.sender->loss_episodes >= 3 && facts_.sender->loss_rank > kChanceRank;
  }

  // It loses much all the time while no more than a few segments ever wait: BBR, which minds no losses, at a bucket
  // whose burst it never shows. A link's queue delays before it drops. Where still more is lost the rate may be
  // anything: timeouts, and BBR's own idea of the bucket.
  [[nodiscard]] bool drops_without_a_queue() const {
    const SenderFacts& sender = *facts_.sender;
    const double waits = sender.rtt_p90 - sender.base_rtt;
    // A queue of a few packets that is full all the time loses without a pause; a bucket fills while TCP recovers.
    if (sender.loss_episodes < kFewestEpisodes) return false;
    const double noise = std::max(kQueueLeast, kNoQueueShare * sender.base_rtt);
    if (waits >= std::max(noise, kQueueSegments * sender.segment / facts_.rate)) return false;
    return sender.late_loss_ratio >= kDropsMost ||
           (std::max(sender.loss_ratio, sender.late_loss_ratio) >= kFewLosses && facts_.spread <= kHeldUnevenly);
  }

  void network() {
    const SenderFacts& sender = *facts_.sender;
    result_.policer = find_policer(transfer_.samples);
    if (result_.policer) {
      decide(Limit::kPolicer, beyond(result_.policer->held, 0.5, 0.8));
      return;
    }
    const bool follows = sender.rate_follows >= kFollows && facts_.spread >= kUneven;
    if (!follows && drops_without_a_queue()) {
      decide(Limit::kPolicer, 0.7);
      return;
    }
    if (follows && !queue_is_deep() && is_by_chance()) {
      const double few = sender.loss_episodes < kManyEpisodes ? 0.2 : 0;
      decide(Limit::kNetworkLoss, beyond(sender.rate_follows, kFollows, 0.95) - few - (queue_stands() ? 0.1 : 0));
      return;
    }
    if ((follows && !queue_is_deep()) || (!queue_stands() && !is_held_flat() && !fills_now_and_then())) return;
    result_.queue_delay = Nanoseconds(static_cast<std::int64_t>(1e9 * (sender.rtt_high - sender.base_rtt)));
    result_.queue = {static_cast<std::uint64_t>((sender.rtt_high - sender.base_rtt) * facts_.rate)};
    const double flat = facts_.spread <= kFlat ? 0.1 : 0;
    decide(Limit::kNetworkRate, queue_is_deep()  ? 0.87 + flat
                                : queue_stands() ? 0.8 + flat
                                : is_held_flat() ? 0.7
                                                 : 0.65);
    if (transfer_.radio && radio_limits(*transfer_.radio)) result_.limit = Limit::kRadio;
  }

  // TCP gets half to three quarters of what Wi-Fi's radio negotiates, and nearly all of a cell's; weak signals are
  // those below which both lose steps of their modulation.
  bool radio_limits(const schema::RadioState& radio) {
    const double weak = radio.is_wifi ? -75 : -110;
    const double usable = radio.is_wifi ? 0.45 : 0.7;
    bool limits = false;
    if (radio.signal_dbm) {
      see("radio_signal", {"signal of the radio", "无线信号强度"}, *radio.signal_dbm, "dBm", weak);
      limits = *radio.signal_dbm < weak;
    }
    if (radio.link_bps && *radio.link_bps > 0) {
      const double share = 8 * facts_.rate / *radio.link_bps;
      see("radio_share", {"rate as a share of the radio's", "速率占无线链路速率的比例"}, 100 * share, "%",
          100 * usable);
      limits = limits || share >= usable;
    }
    if (limits) result_.confidence = std::min(result_.confidence, 0.8);
    return limits;
  }

  const schema::Transfer& transfer_;
  const TransferFacts& facts_;
  TransferLimit result_;
};

}  // namespace

std::string_view to_string(Limit limit) {
  switch (limit) {
    case Limit::kUnsure:
      return "unsure";
    case Limit::kNetworkRate:
      return "network_rate";
    case Limit::kNetworkLoss:
      return "network_loss";
    case Limit::kPolicer:
      return "policer";
    case Limit::kClientCpu:
      return "client_cpu";
    case Limit::kServerCpu:
      return "server_cpu";
    case Limit::kReceiveWindow:
      return "receive_window";
    case Limit::kSendBuffer:
      return "send_buffer";
    case Limit::kSenderApplication:
      return "sender_application";
    case Limit::kRadio:
      return "radio";
  }
  return "unsure";
}

TransferLimit transfer_limit(const schema::Transfer& transfer) {
  const auto facts = transfer_facts(transfer.samples);
  TransferLimit result;
  if (facts) result = Judge(transfer, *facts).verdict();
  result.sentence = limit_text(result, transfer, facts);
  return result;
}

}  // namespace gnomon::analysis
