#include "analysis/rate_causes.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::analysis {

namespace {

constexpr int kFewStreams = 4;

bool is_limit(const MethodRate& method, std::initializer_list<Limit> limits) {
  return method.limit && std::ranges::find(limits, method.limit->limit) != limits.end();
}

std::optional<ExplainedRate> by_loss(const MethodRate& method, double highest, double below,
                                     const PathPackets& packets) {
  if (method.layer == RateLayer::kIpPacket || method.streams > kFewStreams) return std::nullopt;
  if (!method.loss_ratio || !method.rtt || *method.loss_ratio <= 0 || method.rtt->count() <= 0) return std::nullopt;
  const double rtt = std::chrono::duration<double>(*method.rtt).count();
  const double reach = method.streams * mathis_bps(segment_bytes(packets), rtt, *method.loss_ratio);
  // The formula is of Reno; CUBIC and BBR do better. What it lets through is not explained by loss.
  const double share = std::min(below, 1 - reach / payload_share(RateLayer::kTcpPayload, packets) / highest);
  if (share <= 0) return std::nullopt;
  const std::string loss = loss_text(*method.loss_ratio), most = rate_text(reach);
  return ExplainedRate{
      RateCause::kLoss,
      share,
      {fmt::format("{} lost at {} lets {} of Reno reach about {} (Mathis).", loss, delay_text(*method.rtt),
                   method.streams == 1 ? "one stream" : fmt::format("{} streams", method.streams), most),
       fmt::format("丢包 {}、往返时延 {} 时，{} 条 Reno 流约可达 {}（Mathis 公式）。", loss, delay_text(*method.rtt),
                   method.streams, most)}};
}

// A bucket counts once in each test, the more the shorter the test is.
std::optional<ExplainedRate> by_burst(const MethodRate& method, const MethodRate& highest, const Policer* policer,
                                      double highest_bps, double below) {
  if (policer == nullptr) return std::nullopt;
  const double bits = 8 * policer->burst_bytes;
  const auto gain = [&](const MethodRate& each) {
    const double seconds = std::chrono::duration<double>(each.duration).count();
    return each.holds_burst && seconds > 0 ? bits / seconds : 0;
  };
  const double share = std::min(below, (gain(highest) - gain(method)) / highest_bps);
  if (share <= 0) return std::nullopt;
  const std::string burst = bytes_text(bits / 8);
  return ExplainedRate{RateCause::kBurst,
                       share,
                       {fmt::format("A policer's burst of {} raises the rate of {}.", burst, highest.method),
                        fmt::format("限速器的突发 {} 抬高了 {} 的速率。", burst, highest.method)}};
}

// The share of the highest rate that a policer takes by what TCP does after its drops. Its rate is that of TCP's
// payload.
std::optional<ExplainedRate> by_policer(const MethodRate& method, const Policer* policer, double highest_bps,
                                        double below, const PathPackets& packets) {
  if (policer == nullptr || method.layer == RateLayer::kIpPacket) return std::nullopt;
  const double ip_bps = policer->bps / payload_share(RateLayer::kTcpPayload, packets);
  const double own = method.bps / payload_share(method.layer, packets);
  const double share = policer->at_least ? below : std::min(below, (ip_bps - own) / highest_bps);
  if (share <= 0) return std::nullopt;
  const std::string rate = rate_text(ip_bps);
  return ExplainedRate{
      RateCause::kPolicer,
      share,
      {fmt::format("A policer of {}{} drops what exceeds it, and TCP then falls below it for a while.",
                   policer->at_least ? "at least " : "", rate),
       fmt::format("{}{} 的限速器丢弃超出部分，TCP 随后一段时间低于该速率。", policer->at_least ? "至少 " : "", rate)}};
}

std::optional<ExplainedRate> by_ramp_up(const MethodRate& method, double highest_bps, double below,
                                        const PathPackets& packets) {
  if (method.was_rising) {
    return ExplainedRate{
        RateCause::kRampUp, below, {"Its time was over before its rate had settled.", "测试结束时速率尚未稳定。"}};
  }
  if (!method.settled_bps) return std::nullopt;
  const double share =
      std::min(below, (*method.settled_bps - method.bps) / payload_share(method.layer, packets) / highest_bps);
  if (share <= 0) return std::nullopt;
  const std::string settled = rate_text(*method.settled_bps);
  return ExplainedRate{RateCause::kRampUp,
                       share,
                       {fmt::format("Its rate includes the ramp-up; after it, it was {}.", settled),
                        fmt::format("其速率包含爬升阶段；此后为 {}。", settled)}};
}

std::optional<ExplainedRate> by_best_moment(const MethodRate& highest, double highest_bps, double below,
                                            const PathPackets& packets) {
  if (!highest.usual_bps) return std::nullopt;
  const double usual = *highest.usual_bps / payload_share(highest.layer, packets);
  const double share = std::min(below, 1 - usual / highest_bps);
  if (share <= 0) return std::nullopt;
  return ExplainedRate{
      RateCause::kBestMoment,
      share,
      {fmt::format("{} counts its best second; its usual one had {}.", highest.method, rate_text(usual)),
       fmt::format("{} 取其最佳一秒；通常为 {}。", highest.method, rate_text(usual))}};
}

std::optional<ExplainedRate> by_probes(const MethodRate& method, double below) {
  if (method.probes <= 0) return std::nullopt;
  const std::string share = loss_text(method.probes);
  return ExplainedRate{RateCause::kProbes,
                       std::min(below, method.probes),
                       {fmt::format("Its own probes may take {} of the path beside its load.", share),
                        fmt::format("其自身的探测最多占用路径的 {}。", share)}};
}

}  // namespace

const Policer* policer_of(std::span<const MethodRate> methods) {
  const TransferLimit* surest = nullptr;
  for (const MethodRate& method : methods) {
    if (!is_limit(method, {Limit::kPolicer}) || !method.limit->policer) continue;
    if (surest == nullptr || method.limit->confidence > surest->confidence) surest = &*method.limit;
  }
  return surest == nullptr ? nullptr : &*surest->policer;
}

std::optional<ExplainedRate> held_by_an_end(const MethodRate& method, double below) {
  if (is_limit(method, {Limit::kClientCpu, Limit::kServerCpu})) {
    const bool client = method.limit->limit == Limit::kClientCpu;
    return ExplainedRate{
        RateCause::kCpu,
        below,
        {fmt::format("The {}'s processor was the limit, not the access.", client ? "client" : "server"),
         fmt::format("受{}处理器限制，而非接入网络。", client ? "客户端" : "服务器")}};
  }
  if (is_limit(method, {Limit::kSenderApplication})) {
    return ExplainedRate{
        RateCause::kPace, below, {"The sender's program offered no more.", "发送端程序没有提供更多数据。"}};
  }
  if (!is_limit(method, {Limit::kReceiveWindow, Limit::kSendBuffer}) || !method.limit->window) return std::nullopt;
  const std::string window = bytes_text(static_cast<double>(method.limit->window->value));
  const std::string rtt = method.rtt ? delay_text(*method.rtt) : "";
  return ExplainedRate{
      RateCause::kWindow,
      below,
      {fmt::format("A window of {} goes once in a round trip{}.", window, rtt.empty() ? "" : " of " + rtt),
       fmt::format("每个往返时延{}只能传输 {} 的窗口。", rtt.empty() ? "" : "（" + rtt + "）", window)}};
}

// Loss is the policer's where there is one, and so is a best second.
std::vector<ExplainedRate> causes_of(const MethodRate& method, double below, const RateScene& scene) {
  std::vector<std::optional<ExplainedRate>> possible;
  if (scene.policer != nullptr) {
    possible.push_back(by_burst(method, scene.highest, scene.policer, scene.highest_bps, below));
    possible.push_back(by_policer(method, scene.policer, scene.highest_bps, below, scene.packets));
  } else {
    possible.push_back(by_loss(method, scene.highest_bps, below, scene.packets));
    possible.push_back(by_best_moment(scene.highest, scene.highest_bps, below, scene.packets));
  }
  possible.push_back(by_ramp_up(method, scene.highest_bps, below, scene.packets));
  possible.push_back(by_probes(method, below));
  std::vector<ExplainedRate> found;
  for (auto& each : possible) {
    if (each) found.push_back(std::move(*each));
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &ExplainedRate::share);
  return found;
}

}  // namespace gnomon::analysis
