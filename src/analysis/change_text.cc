#include "analysis/change_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace gnomon::analysis {

namespace {

using Names = std::span<const PathNames>;

// The value that all paths share; empty when they differ or it is not known.
template <typename Get>
std::string shared(Names paths, Get get) {
  std::string value = get(paths.front());
  for (const PathNames& path : paths) {
    if (get(path) != value) return {};
  }
  return value;
}

// The place that every path either starts at or ends at: the vantage by preference, since it is more exact than its
// site.
std::string shared_end(Names paths) {
  const PathNames& first = paths.front();
  for (const std::string& place : {first.source, first.target}) {
    const bool all = std::ranges::all_of(paths, [&](const auto& p) { return p.source == place || p.target == place; });
    if (!place.empty() && all) return place;
  }
  for (const std::string& place : {first.source_site, first.target_site}) {
    const bool all =
        std::ranges::all_of(paths, [&](const auto& p) { return p.source_site == place || p.target_site == place; });
    if (!place.empty() && all) return place;
  }
  return {};
}

template <typename Get>
std::size_t distinct(Names paths, Get get) {
  std::set<std::string> values;
  for (const PathNames& path : paths) values.insert(get(path));
  return values.size();
}

struct Common {
  std::string source;
  std::string target;
  int family = 0;      // 0: both, or there is but one in use
  std::string method;  // empty: several, or there is but one in use
};

Common find_common(Names paths, const GroupContext& context) {
  Common common;
  common.source = shared(paths, [](const PathNames& p) { return p.source; });
  if (common.source.empty()) common.source = shared(paths, [](const PathNames& p) { return p.source_site; });
  common.target = shared(paths, [](const PathNames& p) { return p.target; });
  if (common.target.empty()) common.target = shared(paths, [](const PathNames& p) { return p.target_site; });
  if (context.families > 1) {
    const std::string family = shared(paths, [](const PathNames& p) { return std::to_string(p.family); });
    if (!family.empty()) common.family = std::stoi(family);
  }
  if (context.methods > 1) common.method = shared(paths, [](const PathNames& p) { return p.method; });
  return common;
}

Text places(Names paths, const Common& common) {
  if (!common.source.empty() && !common.target.empty()) {
    return {fmt::format("all from {} to {}", common.source, common.target),
            fmt::format("均为 {} 到 {}", common.source, common.target)};
  }
  if (!common.target.empty()) {
    const std::size_t sources = distinct(paths, [](const PathNames& p) { return p.source; });
    return {fmt::format("all to {}, from {} places", common.target, sources),
            fmt::format("目的地均为 {}，来自 {} 处", common.target, sources)};
  }
  if (!common.source.empty()) {
    const std::size_t targets = distinct(paths, [](const PathNames& p) { return p.target; });
    return {fmt::format("all from {}, to {} places", common.source, targets),
            fmt::format("均从 {} 出发，去往 {} 处", common.source, targets)};
  }
  if (const std::string end = shared_end(paths); !end.empty()) {
    return {fmt::format("all from or to {}", end), fmt::format("均以 {} 为一端", end)};
  }
  const std::size_t sources = distinct(paths, [](const PathNames& p) { return p.source; });
  const std::size_t targets = distinct(paths, [](const PathNames& p) { return p.target; });
  return {fmt::format("from {} places to {}", sources, targets), fmt::format("从 {} 处到 {} 处", sources, targets)};
}

struct Tally {
  std::size_t broken = 0;
  std::size_t lossy = 0;
  std::size_t slow = 0;
};

Tally count(std::span<const PathTrouble> paths) {
  Tally tally;
  for (const PathTrouble& path : paths) {
    if (path.verdict.state == PathState::kBroken) {
      ++tally.broken;
    } else if (path.verdict.cause == Cause::kDelay) {
      ++tally.slow;
    } else {
      ++tally.lossy;
    }
  }
  return tally;
}

// "14 of 380 paths lost, 3 lose packets"
Text head(const Tally& tally, std::size_t total) {
  Text text;
  const auto add = [&](std::size_t n, std::string_view en_one, std::string_view en_many, std::string_view zh) {
    if (n == 0) return;
    const std::string_view en = n == 1 ? en_one : en_many;
    if (text.en.empty()) {
      text = {fmt::format("{} of {} paths {}", n, total, en), fmt::format("{} 条路径中有 {} 条{}", total, n, zh)};
    } else {
      text.en += fmt::format(", {} {}", n, en);
      text.zh += fmt::format("，{} 条{}", n, zh);
    }
  };
  add(tally.broken, "lost", "lost", "中断");
  add(tally.lossy, "loses packets", "lose packets", "丢包");
  add(tally.slow, "is slower", "are slower", "时延升高");
  return text;
}

void add_link(Text& text, const GroupContext& context) {
  if (context.link.empty()) return;
  if (context.link_failed) {
    const std::string at = time_text(*context.link_failed, context.zone);
    text.en += fmt::format("; link {} failed at {}", context.link, at);
    text.zh += fmt::format("；链路 {} 于 {} 中断", context.link, at);
  } else {
    text.en += fmt::format("; all cross link {}", context.link);
    text.zh += fmt::format("；均经过链路 {}", context.link);
  }
}

Text state_words(PathState state) {
  switch (state) {
    case PathState::kGood:
      return {"good", "正常"};
    case PathState::kDegraded:
      return {"degraded", "质量下降"};
    case PathState::kBroken:
      return {"broken", "中断"};
    case PathState::kStale:
      return {"without news", "无新数据"};
    case PathState::kSick:
      return {"not judged, its probe is not well,", "探针自身异常，暂不判定"};
    case PathState::kUnknown:
      return {"not judged yet", "尚无法判定"};
  }
  return {};
}

}  // namespace

Text path_text(const PathNames& path) {
  return {fmt::format("{} → {} over IPv{} by {}", path.source, path.target, path.family, path.method),
          fmt::format("{} → {}（IPv{}，{}）", path.source, path.target, path.family, path.method)};
}

Text common_factor(std::span<const PathNames> paths, const GroupContext& context) {
  const Common common = find_common(paths, context);
  Text text = places(paths, common);
  if (common.family != 0) {
    text.en += fmt::format(" over IPv{}", common.family);
    text.zh += fmt::format("，均走 IPv{}", common.family);
  }
  if (!common.method.empty()) {
    text.en += fmt::format(" by {}", common.method);
    text.zh += fmt::format("，测量方法均为 {}", common.method);
  }
  add_link(text, context);
  return text;
}

Text trouble_text(const PathTrouble& path, Zone zone) {
  const Text name = path_text(path.names);
  const std::string since = time_text(path.verdict.since, zone);
  if (path.verdict.state == PathState::kBroken) {
    return {fmt::format("{} lost everything since {}.", name.en, since),
            fmt::format("{}自 {} 起中断。", name.zh, since)};
  }
  if (path.verdict.cause == Cause::kDelay && path.verdict.before && path.verdict.after) {
    const std::string before = delay_text(*path.verdict.before);
    const std::string after = delay_text(*path.verdict.after);
    return {fmt::format("{} is slower since {}: {}, usually {}.", name.en, since, after, before),
            fmt::format("{}自 {} 起时延升高：{}，平时 {}。", name.zh, since, after, before)};
  }
  const std::string loss = loss_text(path.verdict.loss_ratio);
  return {fmt::format("{} loses {} of its packets since {}.", name.en, loss, since),
          fmt::format("{}自 {} 起丢包，丢包率 {}。", name.zh, since, loss)};
}

Text group_trouble_text(std::span<const PathTrouble> paths, const GroupContext& context) {
  std::vector<PathNames> names;
  names.reserve(paths.size());
  for (const PathTrouble& path : paths) names.push_back(path.names);
  const Text what = head(count(paths), context.total);
  const Text common = common_factor(names, context);
  const std::string since = time_text(context.since, context.zone);
  return {fmt::format("{} since {}: {}.", what.en, since, common.en),
          fmt::format("自 {} 起，{}：{}。", since, what.zh, common.zh)};
}

Text restored_text(const PathNames& path, std::optional<Nanoseconds> trouble) {
  const Text name = path_text(path);
  if (!trouble) return {fmt::format("{} is good again.", name.en), fmt::format("{}已恢复。", name.zh)};
  const Text length = length_text(*trouble);
  return {fmt::format("{} is good again after {}.", name.en, length.en),
          fmt::format("{}已恢复，历时 {}。", name.zh, length.zh)};
}

Text group_restored_text(std::span<const PathNames> paths, const GroupContext& context) {
  GroupContext quiet = context;
  quiet.link.clear();
  const Text common = common_factor(paths, quiet);
  return {fmt::format("{} of {} paths are good again: {}.", paths.size(), context.total, common.en),
          fmt::format("{} 条路径中有 {} 条恢复正常：{}。", context.total, paths.size(), common.zh)};
}

Text moment_text(const PathMoment& path, Zone zone) {
  const Text name = path_text(path.names);
  Text text{name.en + ": ", name.zh + "："};
  if (path.sent == 0) {
    text.en += "nothing measured in the last minute";
    text.zh += "最近一分钟没有测量数据";
  } else {
    const std::string loss = loss_text(path.loss_ratio);
    if (path.rtt_p50) {
      text.en += fmt::format("{} median, ", delay_text(*path.rtt_p50));
      text.zh += fmt::format("最近一分钟时延中位数 {}，丢包率 {}", delay_text(*path.rtt_p50), loss);
    } else {
      text.zh += fmt::format("最近一分钟丢包率 {}", loss);
    }
    text.en += fmt::format("{} lost over the last minute", loss);
  }
  const Text words = state_words(path.state);
  if (path.state == PathState::kUnknown) {
    text.en += fmt::format("; {}.", words.en);
    text.zh += fmt::format("；{}。", words.zh);
    return text;
  }
  const std::string since = minute_text(path.since, zone);
  text.en += fmt::format("; {} since {}.", words.en, since);
  text.zh += fmt::format("；自 {} 起{}。", since, words.zh);
  return text;
}

}  // namespace gnomon::analysis
