#include "methods/speed_desk.h"

#include <gtest/gtest.h>

#include <future>

namespace gnomon::methods {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Told = std::promise<tl::expected<SpeedDesk::Turn, SpeedDesk::NotNow>>;

class SpeedDeskTest : public testing::Test {
 protected:
  SpeedDesk::Turn turn(std::string who) {
    Told told;
    desk_->wait_for_turn(std::move(who), [&](auto turn) { told.set_value(std::move(turn)); });
    return told.get_future().get().value();
  }
  void make(SpeedDeskOptions options = {}) { desk_ = std::make_unique<SpeedDesk>(queue_, clock_, random_, options); }

  SystemClock clock_;
  SeededRandom random_{1};
  SpeedQueue queue_{clock_};
  std::unique_ptr<SpeedDesk> desk_;
};

TEST_F(SpeedDeskTest, TheNextBeginsWhenTheOneBeforeIsOver) {
  make();
  SpeedDesk::Turn first = turn("192.0.2.1");
  Told told;
  desk_->wait_for_turn("192.0.2.2", [&](auto next) { told.set_value(std::move(next)); });
  auto next = told.get_future();
  EXPECT_EQ(next.wait_for(milliseconds(0)), std::future_status::timeout);
  first.reset();
  EXPECT_TRUE(next.get().has_value());
  EXPECT_FALSE(queue_.running()) << "its turn was dropped with the future";
}

TEST_F(SpeedDeskTest, WhoWaitsTooLongIsToldWhenToComeBack) {
  make({.most_wait = milliseconds(1)});
  const SpeedDesk::Turn first = turn("192.0.2.1");
  Told told;
  desk_->wait_for_turn("192.0.2.2", [&](auto next) { told.set_value(std::move(next)); });
  const auto refused = told.get_future().get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason, "1 speed test is before this one");
  EXPECT_GT(refused.error().back_in, seconds(10));
  EXPECT_EQ(queue_.waiting(), 0U);
}

TEST_F(SpeedDeskTest, ATicketIsToldWhenItMovesUpAndGoodForTwoTests) {
  make();
  SpeedDesk::Turn first = turn("192.0.2.1");
  const auto ticket = desk_->take_ticket("192.0.2.2").value();
  EXPECT_EQ(ticket.ahead.tests, 1U);
  EXPECT_EQ(desk_->turn_of_ticket(ticket.id).error().code, ErrorCode::kUnavailable);
  std::promise<std::size_t> moved;
  desk_->watch_ticket(ticket.id, 1, seconds(60), [&](const auto& now) { moved.set_value(now.value().ahead.tests); });
  first.reset();
  EXPECT_EQ(moved.get_future().get(), 0U);
  for (int test = 0; test < SpeedDesk::kTestsOfTicket; ++test) {
    const auto own = desk_->turn_of_ticket(ticket.id);
    ASSERT_TRUE(own.has_value());
    EXPECT_EQ(desk_->turn_of_ticket(ticket.id).error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(desk_->turn_of_ticket(ticket.id).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(queue_.running());
}

TEST_F(SpeedDeskTest, AForgottenTicketIsGivenToTheNext) {
  make({.forgotten_after = milliseconds(1)});
  const auto ticket = desk_->take_ticket("192.0.2.1").value();
  EXPECT_TRUE(turn("192.0.2.2"));
  EXPECT_EQ(desk_->turn_of_ticket(ticket.id).error().code, ErrorCode::kNotFound);
}

TEST_F(SpeedDeskTest, ATicketGivenBackInATestGoesWithTheTest) {
  make();
  const auto ticket = desk_->take_ticket("192.0.2.1").value();
  auto own = desk_->turn_of_ticket(ticket.id).value();
  EXPECT_TRUE(desk_->give_back(ticket.id).has_value());
  EXPECT_TRUE(queue_.running());
  own.reset();
  EXPECT_FALSE(queue_.running());
  EXPECT_EQ(desk_->give_back(ticket.id).error().code, ErrorCode::kNotFound);
}

TEST_F(SpeedDeskTest, StopTellsAllThatWait) {
  make();
  const SpeedDesk::Turn first = turn("192.0.2.1");
  Told told;
  desk_->wait_for_turn("192.0.2.2", [&](auto next) { told.set_value(std::move(next)); });
  const auto ticket = desk_->take_ticket("192.0.2.3").value();
  std::promise<bool> found;
  desk_->watch_ticket(ticket.id, 2, seconds(60), [&](const auto& now) { found.set_value(now.has_value()); });
  desk_->stop();
  EXPECT_FALSE(told.get_future().get().has_value());
  EXPECT_FALSE(found.get_future().get());
  EXPECT_EQ(desk_->take_ticket("192.0.2.4").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gnomon::methods
