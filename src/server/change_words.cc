#include "server/change_words.h"

#include <fmt/format.h>

namespace gnomon::server {

namespace {

std::string label_list(std::span<const ProbeTransition> probes, std::string_view comma, std::string_view more) {
  constexpr std::size_t kNamed = 5;
  std::string list;
  for (std::size_t i = 0; i < probes.size() && i < kNamed; ++i) {
    if (i > 0) list += comma;
    list += probe_label(probes[i].probe);
  }
  if (probes.size() > kNamed) list += fmt::format(fmt::runtime(more), probes.size() - kNamed);
  return list;
}

std::string complaint(const ProbeView& probe) {
  if (!probe.vantage || probe.vantage->complaints.empty()) return {};
  return probe.vantage->complaints.front();
}

Text one_probe_text(ProbeNews news, const ProbeTransition& one, analysis::Zone zone) {
  const std::string name = probe_label(one.probe);
  switch (news) {
    case ProbeNews::kNew:
      return {fmt::format("Probe {} reports for the first time.", name), fmt::format("新探针 {} 首次上报。", name)};
    case ProbeNews::kSilent: {
      if (!one.probe.last_seen) return {fmt::format("Probe {} is silent.", name), fmt::format("探针 {} 失联。", name)};
      const std::string last = analysis::time_text(*one.probe.last_seen, zone);
      return {fmt::format("Probe {} is silent; last heard at {}.", name, last),
              fmt::format("探针 {} 失联，最近一次上报于 {}。", name, last)};
    }
    case ProbeNews::kBack: {
      if (!one.length) return {fmt::format("Probe {} is back.", name), fmt::format("探针 {} 恢复上报。", name)};
      const Text length = analysis::length_text(*one.length);
      return {fmt::format("Probe {} is back after {}.", name, length.en),
              fmt::format("探针 {} 恢复上报，失联 {}。", name, length.zh)};
    }
    case ProbeNews::kSick: {
      const std::string why = complaint(one.probe);
      return {fmt::format("Probe {} is not well{}{}; its paths are not judged.", name, why.empty() ? "" : ": ", why),
              fmt::format("探针 {} 自身异常{}{}，其路径暂不判定。", name, why.empty() ? "" : "：", why)};
    }
    case ProbeNews::kWell:
      return {fmt::format("Probe {} is well again.", name), fmt::format("探针 {} 恢复正常。", name)};
  }
  return {};
}

}  // namespace

std::string probe_label(const ProbeView& probe) {
  if (!probe.name.empty()) return probe.name;
  if (!probe.site.empty()) return probe.site;
  return to_string(probe.id).substr(0, 8);
}

Text probe_news_text(ProbeNews news, std::span<const ProbeTransition> probes, analysis::Zone zone) {
  if (probes.size() == 1) return one_probe_text(news, probes.front(), zone);
  const std::size_t n = probes.size();
  const std::string en = label_list(probes, ", ", " and {} more");
  const std::string zh = label_list(probes, "、", " 等");
  switch (news) {
    case ProbeNews::kNew:
      return {fmt::format("{} probes report for the first time: {}.", n, en),
              fmt::format("{} 个新探针首次上报：{}。", n, zh)};
    case ProbeNews::kSilent:
      return {fmt::format("{} probes are silent: {}.", n, en), fmt::format("{} 个探针失联：{}。", n, zh)};
    case ProbeNews::kBack:
      return {fmt::format("{} probes are back: {}.", n, en), fmt::format("{} 个探针恢复上报：{}。", n, zh)};
    case ProbeNews::kSick:
      return {fmt::format("{} probes are not well: {}; their paths are not judged.", n, en),
              fmt::format("{} 个探针自身异常：{}，其路径暂不判定。", n, zh)};
    case ProbeNews::kWell:
      return {fmt::format("{} probes are well again: {}.", n, en), fmt::format("{} 个探针恢复正常：{}。", n, zh)};
  }
  return {};
}

Text dropped_text(const ProbeView& probe, const store::DroppedRange& range, analysis::Zone zone) {
  const std::string name = probe_label(probe);
  const std::string from = analysis::time_text(range.first, zone);
  const std::string to = analysis::time_text(range.last, zone);
  return {fmt::format("Probe {} had to drop {} windows from {} to {}: {}.", name, range.windows, from, to,
                      range.reason.empty() ? "its spool was full" : range.reason),
          fmt::format("探针 {} 暂存空间已满，丢弃 {} 至 {} 的 {} 个测量窗口。", name, from, to, range.windows)};
}

Text settings_text(const LinkSettings& settings) {
  Text text;
  const auto add = [&](std::string_view en, std::string_view zh, const std::string& figure) {
    text.en += fmt::format("{}{} {}", text.en.empty() ? "" : ", ", en, figure);
    text.zh += fmt::format("{}{} {}", text.zh.empty() ? "" : "，", zh, figure);
  };
  add("delay", "时延", analysis::delay_text(std::chrono::microseconds(settings.delay_us)));
  if (settings.jitter_us > 0) {
    add("jitter", "抖动", analysis::delay_text(std::chrono::microseconds(settings.jitter_us)));
  }
  if (settings.loss_ratio > 0) add("loss", "丢包率", analysis::loss_text(settings.loss_ratio));
  if (settings.rate_bps > 0)
    add("rate", "速率", fmt::format("{:g} Mbit/s", static_cast<double>(settings.rate_bps) / 1e6));
  if (settings.reorder_ratio > 0) add("reordering", "乱序率", analysis::loss_text(settings.reorder_ratio));
  if (settings.duplicate_ratio > 0) add("duplication", "重复率", analysis::loss_text(settings.duplicate_ratio));
  if (settings.mtu > 0) add("MTU", "MTU", std::to_string(settings.mtu));
  return text;
}

Text link_text(const LinkEvent& event) {
  const RegionLink& link = event.link;
  const bool both = event.direction.empty();
  const std::string en = both ? "both directions" : event.direction + " only";
  const std::string zh = both ? "双向" : "仅 " + event.direction + " 方向";
  switch (event.action) {
    case LinkAction::kFail:
      return {fmt::format("Link {} failed ({}).", link.id, en), fmt::format("链路 {} 中断（{}）。", link.id, zh)};
    case LinkAction::kHeal:
      return {fmt::format("Link {} is healed ({}).", link.id, en), fmt::format("链路 {} 已恢复（{}）。", link.id, zh)};
    case LinkAction::kSet:
      break;
  }
  const bool backward = event.direction == link.b + "-" + link.a;
  const Text now = settings_text(backward ? link.backward : link.forward);
  return {fmt::format("Link {} was set ({}): {}.", link.id, en, now.en),
          fmt::format("链路 {} 参数已调整（{}）：{}。", link.id, zh, now.zh)};
}

Text key_refused_text(std::string_view public_key_hex, std::string_view name) {
  const std::string_view digits = public_key_hex.substr(0, 12);
  const std::string en_name = name.empty() ? "" : fmt::format(", which calls itself {}", name);
  const std::string zh_name = name.empty() ? "" : fmt::format("（自称 {}）", name);
  return {fmt::format("Batches of key {}…{} are refused: it is not enrolled.", digits, en_name),
          fmt::format("拒绝密钥 {}…{} 的数据：该密钥尚未登记。", digits, zh_name)};
}

}  // namespace gnomon::server
