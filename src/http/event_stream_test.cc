#include "http/event_stream.h"

namespace gnomon::http {
namespace {

TEST(EventText, FollowsTheStandard) {
  EXPECT_EQ(*encode_event("paths", "{\n}", 7), "id: 7\nevent: paths\ndata: {\ndata: }\n\n");
  EXPECT_EQ(*encode_event("", "x"), "data: x\n\n");
}

TEST(EventStream, WakesOnceForManyEvents) {
  EventStream stream;
  int wakes = 0;
  stream.on_ready([&] { ++wakes; });
  EXPECT_TRUE(stream.send("a", "1"));
  EXPECT_TRUE(stream.send("a", "2"));
  EXPECT_EQ(wakes, 1);
  EXPECT_EQ(stream.take().events.size(), 2U);
  EXPECT_TRUE(stream.send("a", "3"));
  EXPECT_EQ(wakes, 2);
}

TEST(EventStream, DropsAClientThatDoesNotRead) {
  EventStream stream(100);
  int wakes = 0;
  stream.on_ready([&] { ++wakes; });
  EXPECT_TRUE(stream.send("a", std::string(50, 'x')));
  EXPECT_FALSE(stream.send("a", std::string(50, 'y')));
  EXPECT_TRUE(stream.closed());
  EXPECT_FALSE(stream.send("a", "z"));
  const auto rest = stream.take();
  EXPECT_TRUE(rest.finished);
  ASSERT_EQ(rest.events.size(), 1U);
  EXPECT_THAT(*rest.events[0], testing::StartsWith(": dropped"));
  EXPECT_EQ(wakes, 2);
}

TEST(EventHub, SendsToAllWithRisingIdsAndForgetsTheGone) {
  EventHub hub;
  const auto first = hub.subscribe({encode_event("hello", "{}")});
  const auto second = hub.subscribe();
  hub.publish("change", "1");
  first->abandon();
  hub.publish("change", "2");
  EXPECT_EQ(hub.clients(), 1U);
  const auto events = second->take().events;
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(*events[0], "id: 1\nevent: change\ndata: 1\n\n");
  EXPECT_EQ(*events[1], "id: 2\nevent: change\ndata: 2\n\n");
}

TEST(EventHub, IsBounded) {
  EventHub hub(1);
  const auto first = hub.subscribe();
  EXPECT_EQ(hub.subscribe(), nullptr);
  first->close();
  EXPECT_NE(hub.subscribe(), nullptr);
}

}  // namespace
}  // namespace gnomon::http
