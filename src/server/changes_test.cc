#include "server/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "server/change_file.h"

namespace gnomon::server {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "gnomon-changes-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

PathTransition transition(std::uint64_t id, std::string source, std::string target, PathState state, WallTime since) {
  PathIdentity identity;
  identity.id = PathId{id};
  identity.source_site = std::move(source);
  identity.target = identity.target_site = std::move(target);
  identity.method = "echo";
  identity.family = 6;
  PathTransition change;
  change.path = std::make_shared<const PathIdentity>(identity);
  change.verdict.state = state;
  change.verdict.since = since;
  change.verdict.cause = analysis::Cause::kLoss;
  change.total_paths = 380;
  change.families = 2;
  return change;
}

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() { open(); }
  void open() {
    changes.reset();
    changes = Changes::open({.folder = folder.path / "changes", .keep = 5000, .zone = {}}, clock).value();
    changes->set_listener([this](const Change& change) { heard.push_back(change); });
  }
  void breaks(std::uint64_t id, std::string source, std::string target) {
    changes->paths_changed({transition(id, std::move(source), std::move(target), PathState::kBroken, clock.wall())});
  }
  void pass(Nanoseconds time) {
    clock.advance(time);
    changes->tick();
  }

  Folder folder;
  ManualClock clock;
  std::unique_ptr<Changes> changes;
  std::vector<Change> heard;
};

TEST_F(ChangesTest, OnePathIsToldWithinSeconds) {
  breaks(7, "gz", "dc2");
  EXPECT_TRUE(heard.empty());
  pass(seconds(1));
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].kind, ChangeKind::kPathBroken);
  EXPECT_THAT(heard[0].text.en, HasSubstr("gz → dc2 over IPv6 by echo lost everything"));
  EXPECT_EQ(changes->list(10).size(), 1U);
}

TEST_F(ChangesTest, ManyPathsBecomeOneChangeThatGrows) {
  for (std::uint64_t i = 0; i < 14; ++i) {
    breaks(i, "site" + std::to_string(i), "dc2");
    pass(seconds(1));
  }
  ASSERT_EQ(changes->list(10).size(), 1U);
  const Change group = changes->list(10)[0];
  EXPECT_EQ(group.kind, ChangeKind::kGroupBroken);
  EXPECT_EQ(group.subject.paths.size(), 14U);
  EXPECT_EQ(group.subject.target_site, "dc2");
  EXPECT_EQ(group.subject.site, "");
  EXPECT_THAT(group.text.en, HasSubstr("14 of 380 paths lost since"));
  EXPECT_THAT(group.text.en, HasSubstr("all to dc2, from 14 places over IPv6"));
  for (const Change& change : heard) EXPECT_EQ(change.id, group.id);
}

TEST_F(ChangesTest, LaterTroubleIsAnotherChange) {
  breaks(1, "gz", "dc2");
  pass(seconds(1));
  pass(seconds(20));
  breaks(2, "sz", "dc2");
  pass(seconds(1));
  EXPECT_EQ(changes->list(10).size(), 2U);
}

TEST_F(ChangesTest, AGroupNamesTheLinkThatFailedBefore) {
  LinkEvent event;
  event.link.id = "gz-core--ix";
  event.at = clock.wall();
  changes->link_changed(event);
  clock.advance(seconds(8));
  breaks(1, "gz", "dc2");
  breaks(2, "dc2", "gz");
  pass(seconds(1));
  const Change group = changes->list(1)[0];
  EXPECT_EQ(group.subject.link, "gz-core--ix");
  EXPECT_THAT(group.text.en, HasSubstr("link gz-core--ix failed at"));
  EXPECT_THAT(group.text.zh, HasSubstr("链路 gz-core--ix 于"));
}

TEST_F(ChangesTest, ALinkThatFailsStartsAnotherGroup) {
  breaks(1, "fs", "zq");
  LinkEvent event;
  event.link.id = "gz-core--ix";
  event.at = clock.wall();
  changes->link_changed(event);
  breaks(2, "gz", "dc2");
  breaks(3, "sz", "dc2");
  pass(seconds(1));
  const auto all = changes->list(10);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].kind, ChangeKind::kGroupBroken);
  EXPECT_EQ(all[0].subject.paths.size(), 2U);
  EXPECT_EQ(all[1].kind, ChangeKind::kLinkFailed);
  EXPECT_EQ(all[2].kind, ChangeKind::kPathBroken);
}

TEST_F(ChangesTest, ARestartKeepsChangesAndWhatIsTroubled) {
  breaks(1, "gz", "dc2");
  breaks(2, "gz", "dc1");
  pass(seconds(1));
  const Change before = changes->list(1)[0];
  open();
  ASSERT_EQ(changes->list(10).size(), 1U);
  const Change after = changes->list(1)[0];
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.text, before.text);
  EXPECT_EQ(after.subject.paths, before.subject.paths);
  EXPECT_EQ(changes->troubled().size(), 2U);
  changes->paths_changed({transition(1, "gz", "dc2", PathState::kGood, clock.wall())});
  pass(seconds(1));
  EXPECT_GT(changes->list(1)[0].id, before.id);
  ASSERT_EQ(changes->troubled().size(), 1U);
  EXPECT_EQ(changes->troubled()[0].path, PathId{2});
}

TEST_F(ChangesTest, WhatIsGatheredIsKeptOnStop) {
  breaks(1, "gz", "dc2");
  open();
  EXPECT_EQ(changes->list(10).size(), 1U);
}

TEST_F(ChangesTest, ATornLineIsSkipped) {
  breaks(1, "gz", "dc2");
  pass(seconds(1));
  changes.reset();
  std::ofstream(folder.path / "changes" / "changes.jsonl", std::ios::app) << "{\"id\":9,\"unix_ms\":1,\"ki";
  open();
  EXPECT_EQ(changes->list(10).size(), 1U);
  pass(seconds(60));
  breaks(2, "gz", "dc2");
  open();
  EXPECT_EQ(changes->list(10).size(), 2U);
}

TEST_F(ChangesTest, ProbesThatFallSilentTogetherAreOneChange) {
  for (int i = 0; i < 3; ++i) {
    ProbeTransition transition;
    transition.news = ProbeNews::kSilent;
    transition.probe.id.bytes[0] = std::byte(i);
    transition.probe.name = "p" + std::to_string(i);
    transition.at = clock.wall();
    changes->probe_changed(transition);
  }
  pass(seconds(1));
  ASSERT_EQ(changes->list(10).size(), 1U);
  EXPECT_EQ(changes->list(1)[0].text.en, "3 probes are silent: p0, p1, p2.");
  EXPECT_EQ(changes->list(1)[0].text.zh, "3 个探针失联：p0、p1、p2。");
}

TEST_F(ChangesTest, PagesByIdAndFindsWhatIsAboutAPath) {
  for (int i = 0; i < 5; ++i) changes->key_refused("00112233445566778899", "stranger");
  LinkEvent event;
  event.action = LinkAction::kSet;
  event.link.id = "a--b";
  event.link.forward.delay_us = 40'000;
  event.link.forward.loss_ratio = 0.02;
  event.at = clock.wall();
  changes->link_changed(event);
  EXPECT_EQ(changes->list(1)[0].text.en, "Link a--b was set (both directions): delay 40.0 ms, loss 2 %.");
  const auto page = changes->list(2, 4);
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id, 3U);
  EXPECT_EQ(page[1].id, 2U);
  const auto about = changes->about(PathId{1}, {}, clock.wall() - seconds(1), clock.wall() + seconds(1));
  ASSERT_EQ(about.size(), 1U);
  EXPECT_EQ(about[0].kind, ChangeKind::kLinkSet);
}

TEST(ChangeKinds, WordsRoundTrip) {
  for (int i = 0; i <= static_cast<int>(ChangeKind::kKeyRefused); ++i) {
    const auto kind = static_cast<ChangeKind>(i);
    EXPECT_EQ(parse_change_kind(to_string(kind)), kind);
  }
}

TEST(ChangeFileTest, ALineWithATimeBeyondAllClocksIsNoChange) {
  const std::string line = R"({"id":1,"unix_ms":1000,"kind":"key_refused","subject":{},"text":{"en":"a","zh":"b"}})";
  ASSERT_TRUE(parse_change(line));
  std::string beyond = line;
  beyond.replace(beyond.find("1000"), 4, "150000079000000");
  EXPECT_FALSE(parse_change(beyond));
}

TEST(ChangeFileTest, IsRewrittenBeforeItGrowsWithoutBound) {
  const Folder folder;
  ManualClock clock;
  auto changes = Changes::open({.folder = folder.path, .keep = 10, .zone = {}}, clock).value();
  for (int i = 0; i < 1000; ++i) changes->key_refused("aa", "");
  EXPECT_EQ(changes->list(100).size(), 10U);
  EXPECT_LT(std::filesystem::file_size(folder.path / "changes.jsonl"), 10'000U);
  changes.reset();
  changes = Changes::open({.folder = folder.path, .keep = 10, .zone = {}}, clock).value();
  EXPECT_EQ(changes->list(1)[0].id, 1000U);
}

}  // namespace
}  // namespace gnomon::server
