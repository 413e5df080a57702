#include "analysis/reconciliation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gnomon::analysis {

namespace {

constexpr double kSame = 0.03;               // of the highest: clocks, samples and edges of tests differ by as much
constexpr double kTcpHeader = 20;            // RFC 9293 §3.1
constexpr double kTimestamps = 12;           // RFC 7323 §3.2, with two bytes of padding
constexpr double kTlsRecord = 16'384;        // RFC 8446 §5.1
constexpr double kTlsOverhead = 5 + 1 + 16;  // header, content type, tag of AEAD (RFC 8446 §5.2)
constexpr double kWebSocketHeader = 10;  // RFC 6455 §5.2, from 64 kB on; a client's 4 bytes of mask are below notice
constexpr double kWebSocketMessage = 65'536;
constexpr double kMathis = 1.22;
constexpr int kFewStreams = 4;

double ip_header(Family family) {
  return family == Family::kIpv4 ? 20 : 40;
}  // RFC 791 §3.1, RFC 8200 §3

double segment_bytes(const PathPackets& packets) {
  return std::max(576, packets.mtu) - ip_header(packets.family) - kTcpHeader -
         (packets.tcp_timestamps ? kTimestamps : 0);
}

double share_within_tcp(RateLayer layer) {
  const double tls = kTlsRecord / (kTlsRecord + kTlsOverhead);
  const double web_socket = kWebSocketMessage / (kWebSocketMessage + kWebSocketHeader);
  switch (layer) {
    case RateLayer::kIpPacket:
    case RateLayer::kTcpPayload:
      return 1;
    case RateLayer::kTlsPayload:
      return tls;
    case RateLayer::kWebSocketPayload:
      return web_socket;
    case RateLayer::kWebSocketTlsPayload:
      return tls * web_socket;
  }
  return 1;
}

// A cause and the share of the highest rate that it takes away.
struct Explained {
  RateCause cause = RateCause::kUnexplained;
  double share = 0;
  Text text;
};

bool is_limit(const MethodRate& method, std::initializer_list<Limit> limits) {
  return method.limit && std::ranges::find(limits, method.limit->limit) != limits.end();
}

std::optional<Explained> by_ends(const MethodRate& method, double below) {
  if (is_limit(method, {Limit::kClientCpu, Limit::kServerCpu})) {
    const bool client = method.limit->limit == Limit::kClientCpu;
    return Explained{RateCause::kCpu,
                     below,
                     {fmt::format("The {}'s processor was the limit, not the access.", client ? "client" : "server"),
                      fmt::format("受{}处理器限制，而非接入网络。", client ? "客户端" : "服务器")}};
  }
  if (is_limit(method, {Limit::kSenderApplication})) {
    return Explained{
        RateCause::kPace, below, {"The sender's program offered no more.", "发送端程序没有提供更多数据。"}};
  }
  if (!is_limit(method, {Limit::kReceiveWindow, Limit::kSendBuffer}) || !method.limit->window) return std::nullopt;
  const std::string window = bytes_text(static_cast<double>(method.limit->window->value));
  const std::string rtt = method.rtt ? delay_text(*method.rtt) : "";
  return Explained{RateCause::kWindow,
                   below,
                   {fmt::format("A window of {} goes once in a round trip{}.", window, rtt.empty() ? "" : " of " + rtt),
                    fmt::format("每个往返时延{}只能传输 {} 的窗口。", rtt.empty() ? "" : "（" + rtt + "）", window)}};
}

std::optional<Explained> by_loss(const MethodRate& method, double highest, double below, const PathPackets& packets) {
  if (method.layer == RateLayer::kIpPacket || method.streams > kFewStreams) return std::nullopt;
  if (!method.loss_ratio || !method.rtt || *method.loss_ratio <= 0 || method.rtt->count() <= 0) return std::nullopt;
  const double rtt = std::chrono::duration<double>(*method.rtt).count();
  const double reach = method.streams * mathis_bps(segment_bytes(packets), rtt, *method.loss_ratio);
  // The formula is of Reno; CUBIC and BBR do better. What it lets through is not explained by loss.
  const double share = std::min(below, 1 - reach / payload_share(RateLayer::kTcpPayload, packets) / highest);
  if (share <= 0) return std::nullopt;
  const std::string loss = loss_text(*method.loss_ratio), most = rate_text(reach);
  return Explained{RateCause::kLoss,
                   share,
                   {fmt::format("{} lost at {} lets {} of Reno reach about {} (Mathis).", loss, delay_text(*method.rtt),
                                method.streams == 1 ? "one stream" : fmt::format("{} streams", method.streams), most),
                    fmt::format("丢包 {}、往返时延 {} 时，{} 条 Reno 流约可达 {}（Mathis 公式）。", loss,
                                delay_text(*method.rtt), method.streams, most)}};
}

// Of the method that is surest of it: a policer on the way of one is on the way of all.
const Policer* policer_of(std::span<const MethodRate> methods) {
  const TransferLimit* surest = nullptr;
  for (const MethodRate& method : methods) {
    if (!is_limit(method, {Limit::kPolicer}) || !method.limit->policer) continue;
    if (surest == nullptr || method.limit->confidence > surest->confidence) surest = &*method.limit;
  }
  return surest == nullptr ? nullptr : &*surest->policer;
}

// A bucket counts once in each test, the more the shorter the test is.
std::optional<Explained> by_burst(const MethodRate& method, const MethodRate& highest, const Policer* policer,
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
  return Explained{RateCause::kBurst,
                   share,
                   {fmt::format("A policer's burst of {} raises the rate of {}.", burst, highest.method),
                    fmt::format("限速器的突发 {} 抬高了 {} 的速率。", burst, highest.method)}};
}

// The share of the highest rate that a policer takes by what TCP does after its drops. Its rate is that of TCP's
// payload.
std::optional<Explained> by_policer(const MethodRate& method, const Policer* policer, double highest_bps, double below,
                                    const PathPackets& packets) {
  if (policer == nullptr || method.layer == RateLayer::kIpPacket) return std::nullopt;
  const double ip_bps = policer->bps / payload_share(RateLayer::kTcpPayload, packets);
  const double own = method.bps / payload_share(method.layer, packets);
  const double share = policer->at_least ? below : std::min(below, (ip_bps - own) / highest_bps);
  if (share <= 0) return std::nullopt;
  const std::string rate = rate_text(ip_bps);
  return Explained{
      RateCause::kPolicer,
      share,
      {fmt::format("A policer of {}{} drops what exceeds it, and TCP then falls below it for a while.",
                   policer->at_least ? "at least " : "", rate),
       fmt::format("{}{} 的限速器丢弃超出部分，TCP 随后一段时间低于该速率。", policer->at_least ? "至少 " : "", rate)}};
}

std::optional<Explained> by_ramp_up(const MethodRate& method, double highest_bps, double below,
                                    const PathPackets& packets) {
  if (method.was_rising) {
    return Explained{
        RateCause::kRampUp, below, {"Its time was over before its rate had settled.", "测试结束时速率尚未稳定。"}};
  }
  if (!method.settled_bps) return std::nullopt;
  const double share =
      std::min(below, (*method.settled_bps - method.bps) / payload_share(method.layer, packets) / highest_bps);
  if (share <= 0) return std::nullopt;
  const std::string settled = rate_text(*method.settled_bps);
  return Explained{RateCause::kRampUp,
                   share,
                   {fmt::format("Its rate includes the ramp-up; after it, it was {}.", settled),
                    fmt::format("其速率包含爬升阶段；此后为 {}。", settled)}};
}

std::optional<Explained> by_best_moment(const MethodRate& highest, double highest_bps, double below,
                                        const PathPackets& packets) {
  if (!highest.usual_bps) return std::nullopt;
  const double usual = *highest.usual_bps / payload_share(highest.layer, packets);
  const double share = std::min(below, 1 - usual / highest_bps);
  if (share <= 0) return std::nullopt;
  return Explained{RateCause::kBestMoment,
                   share,
                   {fmt::format("{} counts its best second; its usual one had {}.", highest.method, rate_text(usual)),
                    fmt::format("{} 取其最佳一秒；通常为 {}。", highest.method, rate_text(usual))}};
}

std::optional<Explained> by_probes(const MethodRate& method, double below) {
  if (method.probes <= 0) return std::nullopt;
  const std::string share = loss_text(method.probes);
  return Explained{RateCause::kProbes,
                   std::min(below, method.probes),
                   {fmt::format("Its own probes may take {} of the path beside its load.", share),
                    fmt::format("其自身的探测最多占用路径的 {}。", share)}};
}

bool agree(const MethodRate& method, const MethodRate& highest, const PathPackets& packets) {
  if (method.high <= 0 || highest.low <= 0) return false;
  return method.high / payload_share(method.layer, packets) >= highest.low / payload_share(highest.layer, packets);
}

Text headers_text(const MethodRate& method, const PathPackets& packets) {
  if (method.layer == RateLayer::kIpPacket) return {"Counts IP packets whole", "按完整 IP 数据包计算"};
  const std::string headers = loss_text(1 - payload_share(method.layer, packets));
  return {fmt::format("Headers are {} of the packets", headers), fmt::format("报头占数据包的 {}", headers)};
}

// Of a row that needs no other reason.
Text same_text(const ReconciledRate& row, const MethodRate& method, const PathPackets& packets) {
  const Text headers = headers_text(method, packets);
  if (row.below <= 0) return {headers.en + ".", headers.zh + "。"};
  if (row.below <= kSame)
    return {headers.en + "; so counted it agrees with the highest.", headers.zh + "；计入后与最高值一致。"};
  return {headers.en + "; its interval and that of the highest overlap.", headers.zh + "；其区间与最高值的区间重叠。"};
}

// The largest cause names the row when it explains half of the difference; smaller ones are told as long as something
// is left to explain.
void take(const std::vector<Explained>& found, ReconciledRate& row) {
  Text text;
  for (const Explained& each : found) {
    if (row.unexplained <= kSame || each.share < kSame / 2) break;
    if (text.en.empty() && each.share >= row.below / 2) row.cause = each.cause;
    text.en += (text.en.empty() ? "" : " ") + each.text.en;
    text.zh += each.text.zh;
    row.unexplained = std::max(0.0, row.unexplained - each.share);
  }
  if (text.en.empty()) return;
  row.explanation = std::move(text);
  if (row.unexplained <= kSame) return;
  row.explanation.en += fmt::format(" {} remain unexplained.", loss_text(row.unexplained));
  row.explanation.zh += fmt::format("尚有 {} 无法解释。", loss_text(row.unexplained));
}

// What is the same for all rows.
struct Scene {
  const MethodRate& highest;
  double highest_bps;  // in IP packets
  const Policer* policer;
  const PathPackets& packets;
};

// Loss is the policer's where there is one, and so is a best second.
std::vector<Explained> causes_of(const MethodRate& method, double below, const Scene& scene) {
  std::vector<std::optional<Explained>> possible;
  if (scene.policer != nullptr) {
    possible.push_back(by_burst(method, scene.highest, scene.policer, scene.highest_bps, below));
    possible.push_back(by_policer(method, scene.policer, scene.highest_bps, below, scene.packets));
  } else {
    possible.push_back(by_loss(method, scene.highest_bps, below, scene.packets));
    possible.push_back(by_best_moment(scene.highest, scene.highest_bps, below, scene.packets));
  }
  possible.push_back(by_ramp_up(method, scene.highest_bps, below, scene.packets));
  possible.push_back(by_probes(method, below));
  std::vector<Explained> found;
  for (auto& each : possible) {
    if (each) found.push_back(std::move(*each));
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &Explained::share);
  return found;
}

void explain(ReconciledRate& row, const MethodRate& method, const Scene& scene) {
  row.explanation = same_text(row, method, scene.packets);
  if (row.below <= kSame || agree(method, scene.highest, scene.packets)) return;
  row.cause = RateCause::kUnexplained;
  row.unexplained = row.below;
  row.explanation = {"Nothing that was seen explains the difference.", "现有观测无法解释该差异。"};
  if (auto ends = by_ends(method, row.below)) return take({*ends}, row);
  take(causes_of(method, row.below, scene), row);
}

}  // namespace

std::string_view to_string(RateCause cause) {
  switch (cause) {
    case RateCause::kNone:
      return "none";
    case RateCause::kCpu:
      return "cpu";
    case RateCause::kWindow:
      return "window";
    case RateCause::kLoss:
      return "loss";
    case RateCause::kBurst:
      return "burst";
    case RateCause::kPolicer:
      return "policer";
    case RateCause::kRampUp:
      return "ramp_up";
    case RateCause::kBestMoment:
      return "best_moment";
    case RateCause::kProbes:
      return "probes";
    case RateCause::kPace:
      return "pace";
    case RateCause::kUnexplained:
      return "unexplained";
  }
  return "";
}

std::string_view to_string(RateLayer layer) {
  switch (layer) {
    case RateLayer::kIpPacket:
      return "ip_packet";
    case RateLayer::kTcpPayload:
      return "tcp_payload";
    case RateLayer::kTlsPayload:
      return "tls_payload";
    case RateLayer::kWebSocketPayload:
      return "websocket_payload";
    case RateLayer::kWebSocketTlsPayload:
      return "websocket_tls_payload";
  }
  return "";
}

double payload_share(RateLayer layer, const PathPackets& packets) {
  if (layer == RateLayer::kIpPacket) return 1;
  return segment_bytes(packets) / std::max(576, packets.mtu) * share_within_tcp(layer);
}

double mathis_bps(double segment_bytes, double rtt_seconds, double loss_ratio) {
  return 8 * segment_bytes / rtt_seconds * kMathis / std::sqrt(loss_ratio);
}

std::vector<ReconciledRate> reconcile(std::span<const MethodRate> methods, const PathPackets& packets) {
  std::vector<ReconciledRate> rows;
  if (methods.empty()) return rows;
  const auto at_ip = [&](const MethodRate& method) { return method.bps / payload_share(method.layer, packets); };
  const MethodRate& highest = *std::ranges::max_element(methods, {}, at_ip);
  const Scene scene{highest, at_ip(highest), policer_of(methods), packets};
  for (const MethodRate& method : methods) {
    ReconciledRate row;
    row.method = method.method;
    row.bps = method.bps;
    row.ip_bps = at_ip(method);
    row.below = scene.highest_bps > 0 ? 1 - row.ip_bps / scene.highest_bps : 0;
    explain(row, method, scene);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace gnomon::analysis
