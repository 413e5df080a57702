#include "server/live_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/fleet_for_test.h"

namespace gnomon::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Recorder final : public LiveObserver {
 public:
  void paths_changed(const std::vector<PathTransition>& transitions) override {
    paths.insert(paths.end(), transitions.begin(), transitions.end());
  }
  void probe_changed(const ProbeTransition& transition) override { probes.push_back(transition.news); }
  void windows_dropped(const ProbeView&, const store::DroppedRange& range) override { dropped += range.windows; }

  std::vector<PathTransition> paths;
  std::vector<ProbeNews> probes;
  std::uint64_t dropped = 0;
};

class LiveStateTest : public testing::Test {
 protected:
  LiveStateTest() { live.set_observer(&recorder); }

  // Ten seconds pass, then every path's window arrives.
  void round(
      const std::function<std::uint32_t(std::size_t)>& lost = [](std::size_t) { return 0U; },
      Nanoseconds delay = milliseconds(8), const std::function<void(v1::Batch&)>& edit = {}) {
    const WallTime start = clock.wall();
    clock.advance(seconds(10));
    const auto window = [&](std::size_t i, WallTime at) { return fleet_window(at, 10, lost(i), delay, true); };
    live.on_durable(probe.verified(start, window, edit), clock.wall());
    live.tick();
  }
  PathState state(std::size_t i) { return live.path(probe.path_id(i)).value().state; }

  ManualClock clock;
  LiveState live{clock};
  Recorder recorder;
  FleetProbe probe{"gz", 1, {{"dc1", "dc1", 4}, {"dc1", "dc1", 6}, {"dc2", "dc2", 4, "stamp"}}, "5g"};
};

TEST_F(LiveStateTest, ShowsTheFiguresOfTheLastMinute) {
  for (int i = 0; i < 9; ++i) round();
  const PathView path = live.path(probe.path_id(0)).value();
  EXPECT_EQ(path.state, PathState::kGood);
  EXPECT_EQ(path.minute.windows, 6U);
  EXPECT_EQ(path.minute.sent, 60U);
  EXPECT_EQ(path.minute.loss_ratio, 0);
  EXPECT_NEAR(static_cast<double>(path.minute.rtt_p50->count()), 8.16e6, 8.16e6 * 0.006);
  EXPECT_EQ(path.minute.rtt_min, milliseconds(8));
  EXPECT_EQ(path.identity->vantage(), "gz-5g");
  EXPECT_EQ(path.last, clock.wall());
  EXPECT_EQ(path.error_bound, Nanoseconds(1300));
  EXPECT_EQ(live.counts().in(PathState::kGood), 3U);
}

TEST_F(LiveStateTest, AProbesClockSetBackByAnHourChangesNothing) {
  for (int i = 0; i < 7; ++i) round();
  clock.step_wall(-std::chrono::hours(1));
  for (int i = 0; i < 4; ++i) {
    round();
    EXPECT_EQ(state(0), PathState::kGood);
    EXPECT_EQ(live.path(probe.path_id(0))->last, clock.wall());
    EXPECT_EQ(live.path(probe.path_id(0))->minute.windows, 6U);
  }
  round([](std::size_t i) { return i == 1 ? 10U : 0U; });
  round([](std::size_t i) { return i == 1 ? 10U : 0U; });
  EXPECT_EQ(state(1), PathState::kBroken);
  clock.step_wall(-std::chrono::hours(1));
  round([](std::size_t i) { return i == 1 ? 10U : 0U; });
  EXPECT_EQ(state(1), PathState::kBroken);
  round();
  EXPECT_EQ(state(1), PathState::kGood);
  ASSERT_EQ(recorder.paths.size(), 2U);
  EXPECT_EQ(recorder.paths[1].verdict.since - recorder.paths[1].trouble_since.value(), seconds(30));
}

TEST_F(LiveStateTest, ReportsABreakAndItsEndOnce) {
  round();
  round();
  round([](std::size_t i) { return i == 1 ? 10U : 0U; });
  round([](std::size_t i) { return i == 1 ? 10U : 0U; });
  ASSERT_EQ(recorder.paths.size(), 1U);
  EXPECT_EQ(recorder.paths[0].verdict.state, PathState::kBroken);
  EXPECT_EQ(recorder.paths[0].path->id, probe.path_id(1));
  EXPECT_EQ(recorder.paths[0].total_paths, 3U);
  EXPECT_EQ(recorder.paths[0].families, 2U);
  EXPECT_EQ(state(1), PathState::kBroken);
  round();
  ASSERT_EQ(recorder.paths.size(), 2U);
  EXPECT_EQ(recorder.paths[1].verdict.state, PathState::kGood);
  EXPECT_EQ(recorder.paths[1].verdict.since - recorder.paths[1].trouble_since.value(), seconds(20));
  EXPECT_EQ(state(1), PathState::kGood);
}

TEST_F(LiveStateTest, PartsOfAWindowTellAtOnceAndFlappingIsOneTrouble) {
  for (int i = 0; i < 3; ++i) round();
  const auto part = [&](Nanoseconds length, std::uint32_t sent, std::uint32_t lost) {
    const WallTime start = clock.wall();
    clock.advance(length);
    const auto window = [&](std::size_t, WallTime at) {
      schema::DelayWindow one = fleet_window(at, sent, lost, milliseconds(8));
      one.duration = length;
      one.marks = schema::kMarkPartial;
      return one;
    };
    live.on_durable(probe.verified(start, window), clock.wall());
  };
  part(seconds(3), 3, 0);
  EXPECT_EQ(state(0), PathState::kGood);
  const WallTime since = clock.wall();
  part(seconds(5), 5, 5);
  EXPECT_EQ(state(0), PathState::kBroken);
  ASSERT_EQ(recorder.paths.size(), 3U);
  EXPECT_EQ(recorder.paths[0].verdict.since, since);
  part(seconds(5), 5, 0);
  EXPECT_EQ(state(0), PathState::kGood);
  EXPECT_EQ(recorder.paths.size(), 6U);
  // Ten minutes of five seconds down, five seconds up.
  for (int i = 0; i < 60; ++i) {
    part(seconds(5), 5, 5);
    part(seconds(5), 5, 0);
  }
  EXPECT_LE(recorder.paths.size(), 3U * 8U) << "broken and good a few times each, then one trouble";
}

TEST_F(LiveStateTest, TheFirstWindowIsShownAndNotReported) {
  round([](std::size_t) { return 10U; });
  EXPECT_EQ(state(0), PathState::kBroken);
  EXPECT_THAT(recorder.paths, testing::IsEmpty());
  round([](std::size_t) { return 10U; });
  EXPECT_EQ(recorder.paths.size(), 3U);
}

TEST_F(LiveStateTest, DelayAboveTheLastHoursIsReported) {
  for (int i = 0; i < 40; ++i) round();
  round([](std::size_t) { return 0U; }, milliseconds(30));
  round([](std::size_t) { return 0U; }, milliseconds(30));
  EXPECT_EQ(state(0), PathState::kDegraded);
  for (int i = 0; i < 6; ++i) round([](std::size_t) { return 0U; }, milliseconds(30));
  ASSERT_EQ(recorder.paths.size(), 3U);
  EXPECT_EQ(recorder.paths[0].verdict.cause, analysis::Cause::kDelay);
  const Overview overview = live.overview();
  ASSERT_EQ(overview.changed.size(), 3U);
  EXPECT_FALSE(overview.changed[0].by_loss);
  EXPECT_EQ(overview.changed[0].spark.size(), 60U);
}

TEST_F(LiveStateTest, SilenceMakesPathsStaleAndTheProbeSilent) {
  round();
  clock.advance(seconds(31));
  live.tick();
  EXPECT_EQ(state(0), PathState::kStale);
  EXPECT_EQ(live.probe(probe.id()).value().state, ProbeState::kSilent);
  EXPECT_EQ(live.probes_alive(), 0U);
  round();
  EXPECT_EQ(state(0), PathState::kGood);
  EXPECT_THAT(recorder.probes, testing::ElementsAre(ProbeNews::kNew, ProbeNews::kSilent, ProbeNews::kBack));
  EXPECT_THAT(recorder.paths, testing::IsEmpty());
}

// One sweep says when the next is due; who is met or comes back between two of them brings it forward.
TEST_F(LiveStateTest, EachProbeFallsSilentAtItsOwnTime) {
  FleetProbe second{"sz", 2, {{"dc1", "dc1", 4}}};
  const auto report = [&](FleetProbe& who) {
    const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 0, milliseconds(8)); };
    live.on_durable(who.verified(clock.wall() - seconds(10), window), clock.wall());
    live.tick();
  };
  const auto states = [&] {
    live.tick();
    return std::pair(state(0), live.path(second.path_id(0)).value().state);
  };
  report(probe);
  clock.advance(seconds(20));
  report(second);
  clock.advance(seconds(11));
  EXPECT_EQ(states(), std::pair(PathState::kStale, PathState::kGood));
  clock.advance(seconds(20));
  EXPECT_EQ(states(), std::pair(PathState::kStale, PathState::kStale));
  EXPECT_EQ(live.probe(second.id()).value().state, ProbeState::kSilent);
  clock.advance(seconds(100));
  report(probe);
  clock.advance(seconds(30));
  EXPECT_EQ(states(), std::pair(PathState::kGood, PathState::kStale));
  clock.advance(milliseconds(1));
  EXPECT_EQ(states(), std::pair(PathState::kStale, PathState::kStale));
  EXPECT_EQ(live.probe(probe.id()).value().state, ProbeState::kSilent);
}

TEST_F(LiveStateTest, ASickVantageBreaksNothing) {
  round();
  round();
  const WallTime start = clock.wall();
  clock.advance(seconds(10));
  const auto window = [](std::size_t, WallTime at) {
    schema::DelayWindow lost = fleet_window(at, 10, 10, milliseconds(8));
    lost.marks = schema::kMarkVantageSick;
    return lost;
  };
  const auto sick = [](v1::Batch& batch) {
    batch.mutable_vantage()->set_sick(true);
    batch.mutable_vantage()->add_complaints("eth0 is down");
  };
  live.on_durable(probe.verified(start, window, sick), clock.wall());
  EXPECT_EQ(state(0), PathState::kSick);
  EXPECT_THAT(recorder.paths, testing::IsEmpty());
  EXPECT_EQ(live.probe(probe.id()).value().state, ProbeState::kSick);
  round();
  EXPECT_THAT(recorder.probes, testing::ElementsAre(ProbeNews::kNew, ProbeNews::kSick, ProbeNews::kWell));
  EXPECT_EQ(state(0), PathState::kGood);
}

// A batch says that a speed test of `site`, served at `server`, ran for so long until now.
std::function<void(v1::Batch&)> test_ended(WallTime now, Nanoseconds length, const std::string& access,
                                           const std::string& server) {
  return [=](v1::Batch& batch) {
    schema::AccessResult result;
    result.start = now - length;
    result.duration = std::chrono::duration_cast<milliseconds>(length);
    result.method = "tcp";
    result.outcome = schema::AccessOutcome::kDone;
    result.moved_bytes = 1'000'000;
    result.access = access;
    result.target_site = server;
    schema::append(batch, result);
  };
}

TEST_F(LiveStateTest, WindowsThatTheProbeMarkedAreShownAndNotHeldAgainstThePath) {
  for (int i = 0; i < 12; ++i) round();
  for (int i = 0; i < 3; ++i) {
    const WallTime start = clock.wall();
    clock.advance(seconds(10));
    const auto window = [](std::size_t, WallTime at) {
      schema::DelayWindow full = fleet_window(at, 10, 4, milliseconds(90));
      full.marks = schema::kMarkCapacityTest;
      return full;
    };
    live.on_durable(probe.verified(start, window), clock.wall());
    EXPECT_EQ(state(0), PathState::kGood);
    EXPECT_TRUE(live.path(probe.path_id(0)).value().during_test);
  }
  round();
  EXPECT_FALSE(live.path(probe.path_id(0)).value().during_test);
  EXPECT_EQ(state(0), PathState::kGood);
  EXPECT_THAT(recorder.paths, testing::IsEmpty());
}

TEST_F(LiveStateTest, ATestThatIsToldLaterTakesItsTroubleBack) {
  for (int i = 0; i < 12; ++i) round();
  round([](std::size_t) { return 6U; }, milliseconds(90));
  EXPECT_EQ(state(0), PathState::kDegraded);
  // Another probe at the server's site tested over its own access; its batch comes after the windows.
  FleetProbe other{"hk", 2, {}};
  const auto none = [](std::size_t, WallTime at) { return fleet_window(at, 1, 0, milliseconds(1)); };
  live.on_durable(other.verified(clock.wall(), none, test_ended(clock.wall(), seconds(8), "", "dc1")), clock.wall());
  EXPECT_EQ(state(0), PathState::kGood);      // to dc1
  EXPECT_EQ(state(2), PathState::kDegraded);  // to dc2, where no test ran
  EXPECT_TRUE(live.path(probe.path_id(0)).value().during_test);
  ASSERT_EQ(recorder.paths.size(), 5U);
  EXPECT_EQ(recorder.paths[3].verdict.state, PathState::kGood);
}

TEST_F(LiveStateTest, ATestOfAnotherAccessOfTheSiteExcusesNothing) {
  for (int i = 0; i < 12; ++i) round();
  FleetProbe fixed{"gz", 3, {}, "fixed"};
  const auto none = [](std::size_t, WallTime at) { return fleet_window(at, 1, 0, milliseconds(1)); };
  live.on_durable(
      fixed.verified(clock.wall(), none, test_ended(clock.wall() + seconds(10), seconds(10), "fixed", "elsewhere")),
      clock.wall());
  round([](std::size_t) { return 6U; }, milliseconds(90));
  EXPECT_EQ(state(0), PathState::kDegraded);
  FleetProbe mobile{"gz", 4, {}, "5g"};
  live.on_durable(mobile.verified(clock.wall(), none, test_ended(clock.wall(), seconds(10), "5g", "elsewhere")),
                  clock.wall());
  EXPECT_EQ(state(0), PathState::kGood);
}

TEST_F(LiveStateTest, AnEmptyingSpoolDoesNotTurnBackTime) {
  round();
  round();
  const WallTime last = live.path(probe.path_id(0)).value().last.value();
  const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 10, milliseconds(8)); };
  const auto of_an_earlier_batch = [](v1::Batch& batch) { batch.set_sequence(1); };
  live.on_durable(probe.verified(last - seconds(60), window, of_an_earlier_batch), clock.wall());
  EXPECT_EQ(live.path(probe.path_id(0)).value().last, last);
  EXPECT_EQ(state(0), PathState::kGood);
}

TEST_F(LiveStateTest, DroppedWindowsAreCountedAndTold) {
  round([](std::size_t) { return 0U; }, milliseconds(8),
        [](v1::Batch& batch) {
          auto& dropped = *batch.add_dropped();
          dropped.set_first_sequence(4);
          dropped.set_last_sequence(9);
          dropped.set_windows(120);
        });
  EXPECT_EQ(recorder.dropped, 120U);
  EXPECT_EQ(live.probe(probe.id()).value().dropped_windows, 120U);
}

TEST_F(LiveStateTest, ChangedStatesAreTakenFirst) {
  round();
  EXPECT_EQ(live.take_changed(100).rows.size(), 3U);
  EXPECT_THAT(live.take_changed(100).rows, testing::IsEmpty());
  round([](std::size_t i) { return i == 2 ? 10U : 0U; });
  const auto first = live.take_changed(1);
  ASSERT_EQ(first.rows.size(), 1U);
  EXPECT_EQ(first.states, 1U);
  EXPECT_EQ(first.rows[0].identity->id, probe.path_id(2));
  EXPECT_EQ(live.take_changed(100).rows.size(), 2U);
}

TEST_F(LiveStateTest, FamiliesAreCompared) {
  const WallTime start = clock.wall();
  clock.advance(seconds(10));
  const auto window = [](std::size_t i, WallTime at) {
    return fleet_window(at, 10, 0, i == 1 ? milliseconds(11) : milliseconds(10));
  };
  live.on_durable(probe.verified(start, window), clock.wall());
  const Overview overview = live.overview();
  EXPECT_EQ(overview.ipv6_total, 1U);
  EXPECT_EQ(overview.ipv6_good, 1U);
  EXPECT_NEAR(static_cast<double>(overview.ipv6_minus_ipv4.value().count()), 1.0e6, 0.2e6);
}

TEST(LiveStateLimits, FurtherPathsAreCountedNotKept) {
  ManualClock clock;
  LiveState live(clock, {.paths = 2});
  FleetProbe probe{"gz", 1, {{"a", "a"}, {"b", "b"}, {"c", "c"}}};
  const auto window = [](std::size_t, WallTime at) { return fleet_window(at, 10, 0, milliseconds(1)); };
  live.on_durable(probe.verified(clock.wall(), window), clock.wall());
  EXPECT_EQ(live.paths().size(), 2U);
  EXPECT_EQ(live.paths_over_limit(), 1U);
}

}  // namespace
}  // namespace gnomon::server
