// LiveState::load over a real store: what a restart shows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "journal/journal.h"
#include "segment/memory_file_system.h"
#include "server/applier.h"
#include "server/fleet_for_test.h"
#include "server/live_state.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class LiveLoadTest : public testing::Test {
 protected:
  LiveLoadTest() {
    journal::JournalOptions options;
    options.lock_folder = false;
    options.background = false;
    auto opened = journal::Journal::open(files_, "data", key_, clock_, options);
    auto tables = store::duckdb::open(folder_.path() / "live.duckdb");
    if (!opened || !tables) throw std::runtime_error("the test's store does not open");
    journal_ = std::move(*opened);
    store_ = std::move(*tables);
  }

  // A window of every path of every probe, ten seconds long; `lost` of ten packets for each path of family 6.
  void round(std::uint32_t lost) {
    const WallTime start = clock_.wall();
    clock_.advance(seconds(10));
    for (FleetProbe& probe : fleet_) {
      const auto window = [&](std::size_t i, WallTime at) {
        return fleet_window(at, 10, probe.paths()[i].family == 6 ? lost : 0, milliseconds(8), true);
      };
      const std::string bytes = probe.signed_batch(start, window);
      const auto span = std::as_bytes(std::span(bytes));
      const auto batch = schema::read_signed_batch(span);
      ASSERT_TRUE(batch) << batch.error().reason;
      ASSERT_TRUE(journal_->append_and_wait(*batch, span));
      live_.on_durable(*batch, clock_.wall());
    }
  }

  ManualClock clock_{WallTime{std::chrono::hours(24 * 20000)}};
  segment::MemoryFileSystem files_;
  crypto::PrivateKey key_ = crypto::PrivateKey::from_seed(std::vector(32, std::byte{9})).value();
  std::unique_ptr<journal::Journal> journal_;
  store::duckdb::TestFolder folder_;
  std::unique_ptr<store::Store> store_;
  std::vector<FleetProbe> fleet_ = test_mesh({"gz", "dc1"});
  LiveState live_{clock_};
};

TEST_F(LiveLoadTest, ARestartShowsWhatWasKnown) {
  for (int i = 0; i < 30; ++i) round(0);
  round(10);
  round(10);
  ASSERT_TRUE(apply_all(*journal_, *store_));
  LiveState again(clock_);
  ASSERT_TRUE(again.load(*store_));
  ASSERT_EQ(again.paths().size(), live_.paths().size());
  for (const PathView& path : live_.paths()) {
    const PathView loaded = again.path(path.identity->id).value();
    EXPECT_EQ(*loaded.identity, *path.identity);
    EXPECT_EQ(loaded.state, path.state);
    EXPECT_EQ(loaded.last, path.last);
    EXPECT_EQ(loaded.minute.sent, path.minute.sent);
    EXPECT_EQ(loaded.minute.lost, path.minute.lost);
    EXPECT_EQ(loaded.minute.rtt_p50, path.minute.rtt_p50);
    EXPECT_EQ(loaded.minute.rtt_min, path.minute.rtt_min);
  }
  EXPECT_EQ(again.counts().in(PathState::kBroken), 4U);
  EXPECT_EQ(again.probes().size(), 2U);
  EXPECT_EQ(again.probes()[0].vantage.value().links.size(), 1U);
}

class Recorder final : public LiveObserver {
 public:
  void paths_changed(const std::vector<PathTransition>& news) override {
    transitions.insert(transitions.end(), news.begin(), news.end());
  }
  void probe_changed(const ProbeTransition& news) override { probes.push_back(news.news); }
  void windows_dropped(const ProbeView&, const store::DroppedRange&) override {}
  std::vector<PathTransition> transitions;
  std::vector<ProbeNews> probes;
};

TEST_F(LiveLoadTest, WhatHealedMeanwhileIsReportedAndNothingElse) {
  for (int i = 0; i < 6; ++i) round(0);
  ASSERT_TRUE(apply_all(*journal_, *store_));
  LiveState again(clock_);
  Recorder recorder;
  again.set_observer(&recorder);
  const PathId troubled = fleet_[0].path_id(2);
  ASSERT_TRUE(again.load(*store_, {{troubled, PathState::kBroken, clock_.wall() - minutes(3)}}));
  EXPECT_THAT(recorder.transitions, testing::IsEmpty());
  const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 0, milliseconds(8)); };
  const WallTime start = clock_.wall();
  clock_.advance(seconds(10));
  again.on_durable(fleet_[0].verified(start, window), clock_.wall());
  ASSERT_EQ(recorder.transitions.size(), 1U);
  EXPECT_EQ(recorder.transitions[0].path->id, troubled);
  EXPECT_EQ(recorder.transitions[0].verdict.state, PathState::kGood);
  EXPECT_THAT(recorder.probes, testing::IsEmpty());
}

TEST_F(LiveLoadTest, AfterALongStopPathsAreStaleAndKeepTheirFigures) {
  for (int i = 0; i < 6; ++i) round(0);
  ASSERT_TRUE(apply_all(*journal_, *store_));
  clock_.advance(minutes(90));
  LiveState again(clock_);
  ASSERT_TRUE(again.load(*store_));
  EXPECT_EQ(again.counts().in(PathState::kStale), again.counts().total);
  EXPECT_EQ(again.paths()[0].minute.sent, 60U);
  EXPECT_EQ(again.probes_alive(), 0U);
}

}  // namespace
}  // namespace gnomon::server
