#include "lab/change_text.h"

#include <fmt/format.h>

#include "lab/lab.h"
#include "lab/quantity.h"

namespace gnomon::lab {

namespace {

ChangeText use_text(const PairUse& use, bool lost) {
  if (use.lose_all + use.lose_part == 0) {
    return {fmt::format("None of {} site pairs {} it.", use.pairs, lost ? "used" : "use"),
            fmt::format("{} 对站点均未经过此链路。", use.pairs)};
  }
  const char* verb = lost ? "used" : "use";
  if (use.lose_all == 0) {
    return {fmt::format("{} of {} site pairs {} it as one of their equal-cost paths{}.", use.lose_part, use.pairs, verb,
                        lost ? " and lose that part" : ""),
            fmt::format("{} 对站点中有 {} 对的等价路径之一经过此链路{}。", use.pairs, use.lose_part,
                        lost ? "，部分通信中断" : "")};
  }
  ChangeText text;
  text.en =
      fmt::format("{} of {} site pairs {} it{}", use.lose_all, use.pairs, verb, lost ? " and lose everything" : "");
  text.zh = fmt::format("{} 对站点中有 {} 对完全经过此链路{}", use.pairs, use.lose_all, lost ? "，通信全部中断" : "");
  if (use.lose_part > 0) {
    text.en += fmt::format("; {} more {} it as one of their equal-cost paths{}", use.lose_part, verb,
                           lost ? " and lose that part" : "");
    text.zh += fmt::format("；另有 {} 对的等价路径之一经过此链路", use.lose_part);
  }
  text.en += ".";
  text.zh += "。";
  return text;
}

ChangeText reroute_text(const Rerouting& rerouting) {
  switch (rerouting.kind) {
    case Rerouting::kStay:
      return {" Routes stay (--reroute lets routing go round it).", "路由保持不变（--reroute 可绕行）。"};
    case Rerouting::kPlanned:
      return {fmt::format(" Routes go round it in {}.", format_duration(rerouting.time)),
              fmt::format("{} 后路由绕行。", format_duration(rerouting.time))};
    case Rerouting::kDone: {
      const double seconds = static_cast<double>(rerouting.time.count()) / 1e9;
      return {fmt::format(" Routes went round it in {:.2f} s.", seconds),
              fmt::format("路由已在 {:.2f} 秒内绕行。", seconds)};
    }
  }
  return {};
}

}  // namespace

ChangeText failed_text(std::string_view link, bool was_up, const PairUse& use, const Rerouting& rerouting) {
  const ChangeText used = use_text(use, true);
  const ChangeText routes = reroute_text(rerouting);
  return {fmt::format("link {} {} (both directions). {}{}", link, was_up ? "is down" : "was down already", used.en,
                      routes.en),
          fmt::format("链路 {} {}（双向）。{}{}", link, was_up ? "已中断" : "此前已中断", used.zh, routes.zh)};
}

ChangeText healed_text(std::string_view link, bool was_down, const PairUse& use, bool routes_were_round) {
  const ChangeText used = use_text(use, false);
  return {fmt::format("link {} {}. {}{}", link, was_down ? "is up again" : "was up already", used.en,
                      routes_were_round ? " Routes use it again." : ""),
          fmt::format("链路 {} {}。{}{}", link, was_down ? "已恢复" : "本来就正常", used.zh,
                      routes_were_round ? "路由已恢复。" : "")};
}

ChangeText set_text(const LinkSnapshot& link) {
  if (!link.changed) {
    return {fmt::format("link {} has the region's settings.", link.id),
            fmt::format("链路 {} 采用区域默认设置。", link.id)};
  }
  const std::string there = describe_difference(link.forward, link.forward_default);
  const std::string back = describe_difference(link.backward, link.backward_default);
  const std::string what = there == back
                               ? fmt::format("both ways {}", there)
                               : fmt::format("{}-{}: {}; {}-{}: {}", link.a, link.b, there.empty() ? "default" : there,
                                             link.b, link.a, back.empty() ? "default" : back);
  return {fmt::format("link {}: {}.", link.id, what), fmt::format("链路 {} 设置已更改：{}。", link.id, what)};
}

}  // namespace gnomon::lab
