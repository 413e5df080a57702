#include "analysis/transfer_limit_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::analysis {

namespace {

Text network_rate_text(const TransferLimit& limit, const std::string& rate) {
  if (!limit.queue_delay || limit.queue_delay->count() < 1'000'000) {
    return {fmt::format("The network: its link carries {}, with hardly a queue.", rate),
            fmt::format("网络：链路速率为 {}，几乎没有排队。", rate)};
  }
  const std::string delay = delay_text(*limit.queue_delay);
  const std::string bytes = bytes_text(static_cast<double>(limit.queue->value));
  return {fmt::format("The network: its link carries {}, and its queue grows to {} ({}).", rate, delay, bytes),
          fmt::format("网络：链路速率为 {}，排队时延最高 {}（{}）。", rate, delay, bytes)};
}

Text policer_text(const Policer& policer) {
  const std::string rate = rate_text(policer.bps), burst = bytes_text(policer.burst_bytes);
  const std::string lost = loss_text(policer.loss_ratio);
  return {fmt::format("A policer: after a burst of {} it lets {}{} pass and drops the rest ({} lost).", burst,
                      policer.at_least ? "at least " : "", rate, lost),
          fmt::format("限速器：突发 {} 之后{}只放行 {}，其余丢弃（丢包 {}）。", burst, policer.at_least ? "至少" : "",
                      rate, lost)};
}

Text cpu_text(bool client, const TransferLimit& limit, const std::string& rate) {
  const bool throttled = std::ranges::any_of(limit.evidence, [](const Evidence& each) {
    return each.name.ends_with("_throttled") && each.value >= each.threshold;
  });
  const Text why = throttled ? Text{"it has used up its quota of processor time", "其处理器时间配额已用尽"}
                             : Text{"its processor is busy all the time", "其处理器始终繁忙"};
  return {fmt::format("The {}: {}, at {}; the network may carry more.", client ? "client" : "server", why.en, rate),
          fmt::format("{}：{}，速率为 {}；网络可能更快。", client ? "客户端" : "服务器", why.zh, rate)};
}

Text window_text(const TransferLimit& limit, bool receive) {
  const std::string window = bytes_text(static_cast<double>(limit.window->value));
  const std::string needed = bytes_text(static_cast<double>(limit.window_for_gigabit->value));
  const Text name = receive ? Text{"receive window", "接收窗口"} : Text{"send buffer", "发送缓冲区"};
  return {fmt::format("The {}: {} are under way at a time; 1 Gbit/s over this path needs {}.", name.en, window, needed),
          fmt::format("{}：同时在途的数据只有 {}；此路径上 1 Gbit/s 需要 {}。", name.zh, window, needed)};
}

Text unsure_text(const TransferLimit& limit, const std::optional<TransferFacts>& facts) {
  if (!facts) return {"Not known: the transfer was too short to tell.", "未知：传输时间太短，无法判断。"};
  if (!facts->sender) {
    return {"Not known: the sender's kernel could not be asked.", "未知：无法获得发送端内核的状态。"};
  }
  const auto held = std::ranges::find(limit.evidence, "held_between", &Evidence::name);
  if (held != limit.evidence.end()) {
    const std::string bytes = bytes_text(held->value);
    return {fmt::format("Not known: a proxy between took {} more than it passed on; what limits the way behind it "
                        "cannot be seen from the sender.",
                        bytes),
            fmt::format("未知：中间的代理比其转发的多收下 {}；发送端看不到其后路段的限制。", bytes)};
  }
  return {"Not known: the evidence does not point to one cause.", "未知：证据未指向单一原因。"};
}

}  // namespace

Text limit_text(const TransferLimit& limit, const schema::Transfer& transfer,
                const std::optional<TransferFacts>& facts) {
  const std::string rate = facts ? rate_text(8 * facts->rate) : "";
  const std::string lost = facts && facts->sender ? loss_text(facts->sender->loss_ratio) : "";
  switch (limit.limit) {
    case Limit::kUnsure:
      return unsure_text(limit, facts);
    case Limit::kNetworkRate:
      return network_rate_text(limit, rate);
    case Limit::kNetworkLoss:
      return {
          fmt::format("Loss in the network: {} of the packets are lost without a full queue, so that TCP stays at {}.",
                      lost, rate),
          fmt::format("网络丢包：队列未满却丢失 {} 的数据包，TCP 只能达到 {}。", lost, rate)};
    case Limit::kPolicer:
      if (limit.policer) return policer_text(*limit.policer);
      return {
          fmt::format("A policer, or a link with hardly a queue: of what exceeds {} it drops all ({} lost), and delays "
                      "nothing.",
                      rate, lost),
          fmt::format("限速器，或几乎没有队列的链路：超出 {} 的部分全部丢弃（丢包 {}），而不增加时延。", rate, lost)};
    case Limit::kClientCpu:
    case Limit::kServerCpu:
      return cpu_text(limit.limit == Limit::kClientCpu, limit, rate);
    case Limit::kReceiveWindow:
    case Limit::kSendBuffer:
      return window_text(limit, limit.limit == Limit::kReceiveWindow);
    case Limit::kSenderApplication:
      if (transfer.paced_by_sender) {
        return {fmt::format("The sender: it was told not to send faster than {}.", rate),
                fmt::format("发送端：按设定的速率 {} 发送。", rate)};
      }
      return {fmt::format("The sender's program: it offered no more than {}.", rate),
              fmt::format("发送端程序：只提供了 {} 的数据。", rate)};
    case Limit::kRadio:
      return {fmt::format("The radio: it carries {} in its present state.", rate),
              fmt::format("无线链路：在当前状态下速率为 {}。", rate)};
  }
  return unsure_text(limit, facts);
}

}  // namespace gnomon::analysis
