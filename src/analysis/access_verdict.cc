#include "analysis/access_verdict.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::analysis {

namespace {

constexpr double kAgreementConfidence = 0.8;  // of two transports that have nothing but the path in common

bool is_of_network(Limit limit) {
  return limit == Limit::kNetworkRate || limit == Limit::kPolicer || limit == Limit::kRadio;
}

bool is_of_end(Limit limit) {
  return limit == Limit::kClientCpu || limit == Limit::kServerCpu || limit == Limit::kReceiveWindow ||
         limit == Limit::kSendBuffer || limit == Limit::kSenderApplication;
}

// The surest limit of the methods for which `counts` holds.
template <typename Counts>
const TransferLimit* surest(std::span<const MethodRate> methods, std::span<const ReconciledRate> rows, Counts counts) {
  const TransferLimit* best = nullptr;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const auto& limit = methods[i].limit;
    if (!limit || !counts(*limit, rows[i])) continue;
    if (best == nullptr || limit->confidence > best->confidence) best = &*limit;
  }
  return best;
}

bool agrees(const ReconciledRate& row) {
  return row.ip_bps > 0 && row.below <= kAgreeing;
}

void take(const TransferLimit& limit, AccessVerdict& out) {
  out.limit = limit.limit;
  out.confidence = limit.confidence;
  out.sentence = limit.sentence;
}

bool transports_agree(std::span<const MethodRate> methods, std::span<const ReconciledRate> rows) {
  bool udp = false, tcp = false;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (agrees(rows[i])) (methods[i].layer == RateLayer::kIpPacket ? udp : tcp) = true;
  }
  return udp && tcp;
}

void judge(std::span<const MethodRate> methods, std::span<const ReconciledRate> rows, const MethodRate& highest,
           AccessVerdict& out) {
  const auto is_policer = [](const TransferLimit& limit, const ReconciledRate&) {
    return limit.limit == Limit::kPolicer;
  };
  const auto is_network = [](const TransferLimit& limit, const ReconciledRate& row) {
    return agrees(row) && is_of_network(limit.limit);
  };
  const auto is_loss = [](const TransferLimit& limit, const ReconciledRate&) {
    return limit.limit == Limit::kNetworkLoss;
  };
  if (const auto* policer = surest(methods, rows, is_policer)) return take(*policer, out);
  if (const auto* network = surest(methods, rows, is_network)) return take(*network, out);
  if (transports_agree(methods, rows)) {
    out.limit = Limit::kNetworkRate;
    out.confidence = kAgreementConfidence;
    out.sentence = {"The network: UDP and TCP end at the same rate.", "网络：UDP 与 TCP 止于同一速率。"};
    return;
  }
  out.at_least = true;
  if (highest.limit && is_of_end(highest.limit->limit)) return take(*highest.limit, out);
  if (const auto* loss = surest(methods, rows, is_loss)) return take(*loss, out);
  out.sentence = {"Nothing that was seen says what limits it.", "现有观测无法说明限制因素。"};
}

Text headline(const AccessVerdict& verdict) {
  const std::string rate = rate_text(verdict.ip_bps);
  return {fmt::format("The access carries {}{} of IP packets ({}; {} of {} methods within 5 %).",
                      verdict.at_least ? "at least " : "", rate, verdict.method, verdict.agreeing, verdict.measured),
          fmt::format("接入{}承载 {}（IP 数据包；{}；{} 种方法中有 {} 种相差在 5% 以内）。",
                      verdict.at_least ? "至少" : "", rate, verdict.method, verdict.measured, verdict.agreeing)};
}

}  // namespace

AccessVerdict access_verdict(std::span<const MethodRate> methods, std::span<const ReconciledRate> rows) {
  AccessVerdict out;
  const auto highest = std::ranges::max_element(rows, {}, &ReconciledRate::ip_bps);
  if (highest == rows.end() || highest->ip_bps <= 0) {
    out.sentence = {"No method gave a rate.", "没有任何方法测得速率。"};
    return out;
  }
  out.ip_bps = highest->ip_bps;
  out.method = highest->method;
  out.agreeing = static_cast<int>(std::ranges::count_if(rows, agrees));
  out.measured = static_cast<int>(std::ranges::count_if(rows, [](const auto& row) { return row.ip_bps > 0; }));
  judge(methods, rows, methods[static_cast<std::size_t>(highest - rows.begin())], out);
  const Text first = headline(out);
  out.sentence = {first.en + " " + out.sentence.en, first.zh + out.sentence.zh};
  return out;
}

}  // namespace gnomon::analysis
