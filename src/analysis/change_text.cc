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

// A place that nine tenths of the paths share, or all: so that a stray path that fails in the same minute does not hide
// what the others have in common.
struct Share {
  enum class End : std::uint8_t { kTarget, kSource, kEither };
  End end = End::kEither;
  std::string place;
  std::size_t count = 0;
};

bool touches(const PathNames& path, const Share& share) {
  const bool starts = path.source == share.place || path.source_site == share.place;
  const bool ends = path.target == share.place || path.target_site == share.place;
  switch (share.end) {
    case Share::End::kTarget:
      return ends;
    case Share::End::kSource:
      return starts;
    case Share::End::kEither:
      return starts || ends;
  }
  return false;
}

// The one with the most paths; of equals the target before the source before either end, a vantage before its site.
std::optional<Share> best_share(Names paths) {
  std::optional<Share> best;
  const auto offer = [&](Share::End end, bool site) {
    std::set<std::string> tried;
    for (const PathNames& path : paths) {
      for (const bool from : {true, false}) {
        if ((end == Share::End::kTarget && from) || (end == Share::End::kSource && !from)) continue;
        const std::string& place =
            from ? (site ? path.source_site : path.source) : (site ? path.target_site : path.target);
        if (place.empty() || !tried.insert(place).second) continue;
        Share share{end, place, 0};
        share.count = static_cast<std::size_t>(
            std::ranges::count_if(paths, [&](const PathNames& other) { return touches(other, share); }));
        if (share.count * 10 >= paths.size() * 9 && (!best || share.count > best->count)) best = share;
      }
    }
  };
  for (const Share::End end : {Share::End::kTarget, Share::End::kSource, Share::End::kEither}) {
    offer(end, false);
    offer(end, true);
  }
  return best;
}

template <typename Get>
std::size_t distinct(Names paths, Get get) {
  std::set<std::string> values;
  for (const PathNames& path : paths) values.insert(get(path));
  return values.size();
}

Text share_text(Names paths, const Share& share) {
  const std::size_t rest = paths.size() - share.count;
  const bool all = rest == 0;
  const std::string en = all ? "all" : std::to_string(share.count);
  const std::string zh = all ? "均" : fmt::format("其中 {} 条", share.count);
  const std::string en_rest = all ? "" : fmt::format(", {} elsewhere", rest);
  const std::string zh_rest = all ? "" : fmt::format("，另有 {} 条在别处", rest);
  switch (share.end) {
    case Share::End::kTarget: {
      const std::size_t sources = distinct(paths, [](const PathNames& p) { return p.source; });
      return {fmt::format("{} to {}, from {} places{}", en, share.place, sources, en_rest),
              fmt::format("{}{} {}，来自 {} 处{}", all ? "目的地" : "", all ? "均为" : zh + "去往", share.place,
                          sources, zh_rest)};
    }
    case Share::End::kSource: {
      const std::size_t targets = distinct(paths, [](const PathNames& p) { return p.target; });
      return {fmt::format("{} from {}, to {} places{}", en, share.place, targets, en_rest),
              fmt::format("{}从 {} 出发，去往 {} 处{}", zh, share.place, targets, zh_rest)};
    }
    case Share::End::kEither:
      break;
  }
  return {fmt::format("{} from or to {}{}", en, share.place, en_rest),
          fmt::format("{}以 {} 为一端{}", zh, share.place, zh_rest)};
}

Text places(Names paths, const std::optional<Share>& share) {
  const std::string source = shared(paths, [](const PathNames& p) { return p.source; });
  const std::string target = shared(paths, [](const PathNames& p) { return p.target; });
  if (!source.empty() && !target.empty()) {
    return {fmt::format("all from {} to {}", source, target), fmt::format("均为 {} 到 {}", source, target)};
  }
  if (share) return share_text(paths, *share);
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
    text.en += fmt::format("; {} cross link {}", context.link_shared_by_all ? "all" : "most", context.link);
    text.zh += fmt::format("；{}经过链路 {}", context.link_shared_by_all ? "均" : "多数", context.link);
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
  const std::optional<Share> share = best_share(paths);
  Text text = places(paths, share);
  std::vector<PathNames> most(paths.begin(), paths.end());
  if (share) std::erase_if(most, [&](const PathNames& path) { return !touches(path, *share); });
  const std::string family = shared(most, [](const PathNames& p) { return std::to_string(p.family); });
  if (context.families > 1 && !family.empty()) {
    text.en += fmt::format(" over IPv{}", family);
    text.zh += fmt::format("，均走 IPv{}", family);
  }
  const std::string method = shared(most, [](const PathNames& p) { return p.method; });
  if (context.methods > 1 && !method.empty()) {
    text.en += fmt::format(" by {}", method);
    text.zh += fmt::format("，测量方法均为 {}", method);
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
  const Tally tally = count(paths);
  // Where most are broken, what the broken ones share is the news; a few lossy ones beside them are told as a number.
  const bool broken_only = tally.broken * 2 >= paths.size();
  std::vector<PathNames> names;
  names.reserve(paths.size());
  for (const PathTrouble& path : paths) {
    if (!broken_only || path.verdict.state == PathState::kBroken) names.push_back(path.names);
  }
  const Text what = head(tally, context.total);
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
