#include "server/live_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/fleet_for_test.h"

namespace gnomon::server {
namespace {

using Rows = LiveInterest::Rows;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LiveFeedTest : public testing::Test {
 protected:
  // Ten seconds pass, every path's window arrives, the feed ticks.
  void round(std::size_t broken = 99) {
    const WallTime start = clock.wall();
    clock.advance(seconds(10));
    const auto window = [&](std::size_t i, WallTime at) {
      return fleet_window(at, 10, i == broken ? 10 : 0, milliseconds(8));
    };
    live.on_durable(probe.verified(start, window), clock.wall());
    feed.tick();
  }
  // The events since last asked that are about paths.
  static std::vector<std::string> rows_of(http::EventStream& stream) {
    std::vector<std::string> some;
    for (const http::EventText& event : stream.take().events) {
      if (event->find("hello") == std::string::npos && event->find("status") == std::string::npos) {
        some.push_back(*event);
      }
    }
    return some;
  }
  std::string id(std::size_t i) { return to_string(probe.path_id(i)); }

  ManualClock clock;
  LiveState live{clock};
  LiveFeed feed{clock, live, [] { return std::string("{}"); }};
  FleetProbe probe{"gz", 1, {{"dc1", "dc1", 4}, {"dc1", "dc1", 6}, {"dc2", "dc2", 4, "stamp"}}};
};

TEST_F(LiveFeedTest, WhoAsksForNothingSpecialGetsWholeRowsAsTheyChange) {
  const auto stream = feed.subscribe({}, {});
  EXPECT_THAT(rows_of(*stream), IsEmpty());
  round();
  EXPECT_THAT(rows_of(*stream),
              ElementsAre(AllOf(HasSubstr("event: paths"), HasSubstr("\"plan_item\""), HasSubstr(id(0)))));
}

TEST_F(LiveFeedTest, FiguresBeginWithHowThingsStandAndAreOfThePathsAskedFor) {
  round();
  const auto stream = feed.subscribe({.rows = Rows::kFigures, .method = "echo", .family = 6, .path = {}}, {});
  const auto first = rows_of(*stream);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_THAT(first[0], AllOf(HasSubstr("event: figures"), HasSubstr(id(1) + "\",\"good\",10,10,0,"),
                              Not(HasSubstr(id(0))), Not(HasSubstr(id(2))), Not(HasSubstr("plan_item"))));
  round();
  EXPECT_THAT(rows_of(*stream), ElementsAre(HasSubstr(id(1) + "\",\"good\",20,20,0,")));
}

TEST_F(LiveFeedTest, StatesAreToldWhenTheyChangeOnly) {
  const auto earlier = feed.subscribe({}, {});  // rows wait for the first listener
  round();
  round();
  const auto stream = feed.subscribe({.rows = Rows::kStates, .method = {}, .family = {}, .path = {}}, {});
  EXPECT_THAT(rows_of(*stream), ElementsAre(AllOf(HasSubstr(id(0)), HasSubstr(id(1)), HasSubstr(id(2)))));
  round();
  EXPECT_THAT(rows_of(*stream), IsEmpty());
  round(2);
  EXPECT_THAT(rows_of(*stream), ElementsAre(HasSubstr("\"rows\":[[\"" + id(2) + "\",\"broken\"]]")));
}

TEST_F(LiveFeedTest, OnePathIsToldWholeAtOnceAndWithEachWindow) {
  round();
  const auto stream = feed.subscribe({.rows = Rows::kFull, .method = {}, .family = {}, .path = probe.path_id(1)}, {});
  const auto about_it = AllOf(HasSubstr("event: paths"), HasSubstr(id(1)), Not(HasSubstr(id(0))));
  EXPECT_THAT(rows_of(*stream), ElementsAre(about_it));
  clock.advance(seconds(3));
  feed.tick();
  EXPECT_THAT(rows_of(*stream), IsEmpty());
  round();
  EXPECT_THAT(rows_of(*stream), ElementsAre(about_it));
}

TEST_F(LiveFeedTest, WhoAsksForNoPathsGetsNone) {
  const auto stream = feed.subscribe({.rows = Rows::kNone, .method = {}, .family = {}, .path = {}}, {});
  round();
  EXPECT_THAT(rows_of(*stream), IsEmpty());
}

TEST_F(LiveFeedTest, LinksMissedAreSentAgainToThoseWhoSayWhatTheySaw) {
  const auto before = feed.subscribe({}, {});
  RegionLink link;
  for (const char* id : {"a--b", "b--c"}) {
    link.id = id;
    feed.publish_link(link);
  }
  const auto seen = rows_of(*before);
  ASSERT_EQ(seen.size(), 2U);
  const std::size_t at = seen[0].find("id: ") + 4;
  const std::uint64_t last = std::stoull(seen[0].substr(at));
  EXPECT_THAT(rows_of(*feed.subscribe({}, last)), ElementsAre(HasSubstr("b--c")));
  EXPECT_THAT(rows_of(*feed.subscribe({}, {})), IsEmpty());
}

}  // namespace
}  // namespace gnomon::server
