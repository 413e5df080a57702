#include "analysis/reconciliation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/rate_causes.h"

namespace gnomon::analysis {

namespace {

constexpr double kSame = 0.03;  // of the highest: clocks, samples and edges of tests differ by as much
constexpr double kMathis = 1.22;

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
void take(const std::vector<ExplainedRate>& found, ReconciledRate& row) {
  Text text;
  for (const ExplainedRate& each : found) {
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

void explain(ReconciledRate& row, const MethodRate& method, const RateScene& scene) {
  row.explanation = same_text(row, method, scene.packets);
  if (row.below <= kSame || agree(method, scene.highest, scene.packets)) return;
  row.cause = RateCause::kUnexplained;
  row.unexplained = row.below;
  row.explanation = {"Nothing that was seen explains the difference.", "现有观测无法解释该差异。"};
  if (auto ends = held_by_an_end(method, row.below)) return take({*ends}, row);
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

double mathis_bps(double segment_bytes, double rtt_seconds, double loss_ratio) {
  return 8 * segment_bytes / rtt_seconds * kMathis / std::sqrt(loss_ratio);
}

std::vector<ReconciledRate> reconcile(std::span<const MethodRate> methods, const PathPackets& packets) {
  std::vector<ReconciledRate> rows;
  if (methods.empty()) return rows;
  const auto at_ip = [&](const MethodRate& method) { return method.bps / payload_share(method.layer, packets); };
  const MethodRate& highest = *std::ranges::max_element(methods, {}, at_ip);
  const RateScene scene{highest, at_ip(highest), policer_of(methods), packets};
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
