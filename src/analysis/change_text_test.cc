#include "analysis/change_text.h"

#include <gtest/gtest.h>

#include <vector>

namespace gnomon::analysis {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kThen{hours(24 * 20000) + hours(10) + minutes(32) + seconds(10)};

PathNames path(std::string source, std::string target, int family, std::string method = "echo") {
  const std::string site = source.substr(0, source.find('-'));
  return {source, site, target, target, method, family};
}

Verdict broken() {
  Verdict verdict;
  verdict.state = PathState::kBroken;
  verdict.cause = Cause::kLoss;
  verdict.since = kThen;
  return verdict;
}

GroupContext context() {
  GroupContext around;
  around.total = 380;
  around.methods = 2;
  around.families = 2;
  around.since = kThen;
  return around;
}

std::vector<PathTrouble> troubles(const std::vector<PathNames>& names) {
  std::vector<PathTrouble> all;
  for (const PathNames& name : names) all.push_back({name, broken()});
  return all;
}

TEST(GroupText, NamesTheSharedTargetAndFamily) {
  const auto paths = troubles({path("gz-5g", "dc2", 6), path("sz-5g", "dc2", 6, "stamp"), path("fs", "dc2", 6)});
  const Text text = group_trouble_text(paths, context());
  EXPECT_EQ(text.en, "3 of 380 paths lost since 10:32:10 UTC: all to dc2, from 3 places over IPv6.");
  EXPECT_EQ(text.zh, "自 10:32:10 UTC 起，380 条路径中有 3 条中断：目的地均为 dc2，来自 3 处，均走 IPv6。");
}

TEST(GroupText, NamesThePlaceThatIsAnEndOfAll) {
  const auto paths = troubles({path("gz", "dc1", 4), path("dc1", "gz", 6), path("gz", "sz", 4, "stamp")});
  const Text text = group_trouble_text(paths, context());
  EXPECT_EQ(text.en, "3 of 380 paths lost since 10:32:10 UTC: all from or to gz.");
  EXPECT_EQ(text.zh, "自 10:32:10 UTC 起，380 条路径中有 3 条中断：均以 gz 为一端。");
}

TEST(GroupText, NamesTheLinkThatFailed) {
  GroupContext around = context();
  around.link = "gz-core--ix";
  around.link_failed = kThen - seconds(5);
  const auto paths = troubles({path("gz", "dc1", 4), path("sz", "fs", 6)});
  const Text text = group_trouble_text(paths, around);
  EXPECT_EQ(text.en,
            "2 of 380 paths lost since 10:32:10 UTC: from 2 places to 2 by echo; link gz-core--ix failed at "
            "10:32:05 UTC.");
  EXPECT_EQ(text.zh,
            "自 10:32:10 UTC 起，380 条路径中有 2 条中断：从 2 处到 2 处，测量方法均为 echo；链路 gz-core--ix 于 "
            "10:32:05 UTC 中断。");
}

TEST(GroupText, CountsWhatHappenedToEach) {
  auto paths = troubles({path("gz", "dc1", 4), path("gz", "dc1", 6), path("gz", "dc1", 6, "stamp")});
  ASSERT_EQ(paths.size(), 3U);
  paths[1].verdict.state = PathState::kDegraded;
  paths[2].verdict.state = PathState::kDegraded;
  paths[2].verdict.cause = Cause::kDelay;
  const Text text = group_trouble_text(paths, context());
  EXPECT_EQ(text.en, "1 of 380 paths lost, 1 loses packets, 1 is slower since 10:32:10 UTC: all from gz to dc1.");
  EXPECT_EQ(text.zh, "自 10:32:10 UTC 起，380 条路径中有 1 条中断，1 条丢包，1 条时延升高：均为 gz 到 dc1。");
}

TEST(GroupText, AStrayPathDoesNotHideWhatTheOthersShare) {
  std::vector<PathNames> names;
  for (int i = 0; i < 6; ++i) {
    names.push_back(path("s" + std::to_string(i), "sz", 4));
    names.push_back(path("sz", "s" + std::to_string(i), 6));
  }
  names.push_back(path("gz", "zq", 4));
  const Text text = group_trouble_text(troubles(names), context());
  EXPECT_EQ(text.en, "13 of 380 paths lost since 10:32:10 UTC: 12 from or to sz, 1 elsewhere by echo.");
  EXPECT_EQ(
      text.zh,
      "自 10:32:10 UTC 起，380 条路径中有 13 条中断：其中 12 条以 sz 为一端，另有 1 条在别处，测量方法均为 echo。");
}

TEST(GroupText, LossyOnesBesideManyBrokenOnesAreOnlyCounted) {
  auto paths = troubles({path("gz", "dc1", 4), path("sz", "dc1", 4), path("fs", "zq", 6, "stamp")});
  paths[2].verdict.state = PathState::kDegraded;
  EXPECT_EQ(group_trouble_text(paths, context()).en,
            "2 of 380 paths lost, 1 loses packets since 10:32:10 UTC: all to dc1, from 2 places over IPv4 by echo.");
}

TEST(GroupText, DoesNotNameWhatAllPathsShareAnyway) {
  GroupContext around = context();
  around.methods = 1;
  around.families = 1;
  const auto paths = troubles({path("gz", "dc1", 4), path("gz", "dc2", 4)});
  EXPECT_EQ(group_trouble_text(paths, around).en, "2 of 380 paths lost since 10:32:10 UTC: all from gz, to 2 places.");
}

TEST(TroubleText, SaysWhatHappened) {
  PathTrouble one{path("gz-5g", "dc1", 6, "stamp"), broken()};
  EXPECT_EQ(trouble_text(one, {}).en, "gz-5g → dc1 over IPv6 by stamp lost everything since 10:32:10 UTC.");
  EXPECT_EQ(trouble_text(one, {}).zh, "gz-5g → dc1（IPv6，stamp）自 10:32:10 UTC 起中断。");
  one.verdict.state = PathState::kDegraded;
  one.verdict.loss_ratio = 0.125;
  EXPECT_EQ(trouble_text(one, {}).en, "gz-5g → dc1 over IPv6 by stamp loses 12.5 % of its packets since 10:32:10 UTC.");
  one.verdict.cause = Cause::kDelay;
  one.verdict.before = milliseconds(8);
  one.verdict.after = milliseconds(48);
  EXPECT_EQ(trouble_text(one, {}).en,
            "gz-5g → dc1 over IPv6 by stamp is slower since 10:32:10 UTC: 48.0 ms, usually 8.00 ms.");
}

TEST(RestoredText, SaysHowLong) {
  EXPECT_EQ(restored_text(path("gz", "dc1", 4), seconds(130)).en,
            "gz → dc1 over IPv4 by echo is good again after 2 min 10 s.");
  EXPECT_EQ(restored_text(path("gz", "dc1", 4), seconds(130)).zh, "gz → dc1（IPv4，echo）已恢复，历时 2 分 10 秒。");
}

TEST(MomentText, IsTheSentenceOfTheDashboard) {
  PathMoment moment;
  moment.names = path("gz-fixed", "dc-1", 6, "stamp");
  moment.state = PathState::kGood;
  moment.since = WallTime{hours(9) + minutes(12)};
  moment.sent = 60;
  moment.rtt_p50 = microseconds(8210);
  EXPECT_EQ(moment_text(moment, {}).en,
            "gz-fixed → dc-1 over IPv6 by stamp: 8.21 ms median, 0 % lost over the last minute; good since 09:12 UTC.");
  EXPECT_EQ(moment_text(moment, Zone{hours(8)}).zh,
            "gz-fixed → dc-1（IPv6，stamp）：最近一分钟时延中位数 8.21 ms，丢包率 0 %；自 17:12 UTC+8 起正常。");
}

TEST(FigureText, ThreeDigitsAndTheirUnits) {
  EXPECT_EQ(delay_text(microseconds(940)), "940 µs");
  EXPECT_EQ(delay_text(Nanoseconds(12'345)), "12.3 µs");
  EXPECT_EQ(delay_text(milliseconds(31)), "31.0 ms");
  EXPECT_EQ(delay_text(milliseconds(1234)), "1234 ms");
  EXPECT_EQ(delay_text(Nanoseconds(500)), "0.50 µs");
  EXPECT_EQ(loss_text(0), "0 %");
  EXPECT_EQ(loss_text(0.00008), "80 ppm");
  EXPECT_EQ(loss_text(0.0002), "0.02 %");
  EXPECT_EQ(loss_text(1), "100 %");
  EXPECT_EQ(time_text(WallTime{hours(-1)}, {}), "23:00:00 UTC");
  EXPECT_EQ(minute_text(WallTime{}, Zone{minutes(-210)}), "20:30 UTC-3:30");
  EXPECT_EQ(length_text(hours(50)).zh, "2 天");
}

}  // namespace
}  // namespace gnomon::analysis
