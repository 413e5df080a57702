#include "server/sessions.h"

#include "server/login_limiter.h"

namespace gnomon::server {
namespace {

using namespace std::chrono_literals;

TEST(Sessions, EndByIdlenessAndByAge) {
  ManualClock clock;
  SeededRandom random(1);
  Sessions sessions(clock, random, {1h, 3h, 10});
  const auto id = sessions.open("ann").id;
  for (int i = 0; i < 3; ++i) {
    clock.advance(59min);
    EXPECT_TRUE(sessions.find(id).has_value());
  }
  clock.advance(59min);
  EXPECT_FALSE(sessions.find(id).has_value()) << "older than three hours";
  const auto idle = sessions.open("ann").id;
  clock.advance(61min);
  EXPECT_FALSE(sessions.find(idle).has_value());
}

TEST(Sessions, AWallClockStepDoesNotEndThem) {
  ManualClock clock;
  SeededRandom random(1);
  Sessions sessions(clock, random);
  const auto id = sessions.open("ann").id;
  clock.step_wall(std::chrono::hours(24 * 365));
  EXPECT_TRUE(sessions.find(id).has_value());
}

TEST(Sessions, IdsHave256BitsAndDiffer) {
  ManualClock clock;
  SystemRandom random;
  Sessions sessions(clock, random);
  const auto a = sessions.open("ann");
  const auto b = sessions.open("ann");
  EXPECT_EQ(a.id.size(), 64U);
  EXPECT_NE(a.id, b.id);
  EXPECT_NE(a.session.csrf, b.session.csrf);
  EXPECT_NE(a.id, a.session.csrf);
  EXPECT_FALSE(sessions.find("").has_value());
}

TEST(Sessions, AreBounded) {
  ManualClock clock;
  SystemRandom random;
  Sessions sessions(clock, random, {1h, 3h, 2});
  const auto first = sessions.open("ann").id;
  clock.advance(1s);
  const auto second = sessions.open("ann").id;
  clock.advance(1s);
  EXPECT_TRUE(sessions.find(first).has_value());  // used last
  sessions.open("bob");
  EXPECT_EQ(sessions.count(), 2U);
  EXPECT_TRUE(sessions.find(first).has_value());
  EXPECT_FALSE(sessions.find(second).has_value());
}

TEST(Sessions, AUserIsLoggedOutEverywhereElse) {
  ManualClock clock;
  SystemRandom random;
  Sessions sessions(clock, random);
  const auto here = sessions.open("ann").id;
  const auto there = sessions.open("ann").id;
  const auto other = sessions.open("bob").id;
  sessions.change_credential("ann", "new", here);
  EXPECT_EQ(sessions.find(here)->credential, "new");
  EXPECT_TRUE(sessions.find(here).has_value());
  EXPECT_FALSE(sessions.find(there).has_value());
  EXPECT_TRUE(sessions.find(other).has_value());
}

TEST(LoginLimiter, StopsGuessingOfOneUserFromOneAddress) {
  ManualClock clock;
  LoginLimiter limiter(clock);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(limiter.wait("192.0.2.1", "ann").has_value());
    limiter.failed("192.0.2.1", "ann");
  }
  EXPECT_EQ(limiter.wait("192.0.2.1", "ann"), 15min);
  EXPECT_FALSE(limiter.wait("192.0.2.2", "ann").has_value()) << "ann herself, elsewhere";
  EXPECT_FALSE(limiter.wait("192.0.2.1", "bob").has_value());
  clock.advance(15min);
  EXPECT_FALSE(limiter.wait("192.0.2.1", "ann").has_value());
}

TEST(LoginLimiter, StopsSprayingOfUsersFromOneNetwork) {
  ManualClock clock;
  LoginLimiter limiter(clock);
  for (int i = 0; i < 20; ++i) limiter.failed(fmt::format("2001:db8::{:x}", i + 1), fmt::format("user{}", i));
  EXPECT_TRUE(limiter.wait("2001:db8::ffff", "another").has_value());
  EXPECT_FALSE(limiter.wait("2001:db8:1::1", "another").has_value());
}

TEST(LoginLimiter, StopsGuessingOfOneUserFromManyAddresses) {
  ManualClock clock;
  LoginLimiter limiter(clock);
  for (int i = 0; i < 100; ++i) limiter.failed(fmt::format("192.0.{}.1", i), "ann");
  EXPECT_TRUE(limiter.wait("198.51.100.1", "ann").has_value());
}

TEST(LoginLimiter, ARightPasswordForgetsAndMemoryIsBounded) {
  ManualClock clock;
  LoginLimiter limiter(clock, {.entries = 10});
  for (int i = 0; i < 4; ++i) limiter.failed("192.0.2.1", "ann");
  limiter.succeeded("192.0.2.1", "ann");
  limiter.failed("192.0.2.1", "ann");
  EXPECT_FALSE(limiter.wait("192.0.2.1", "ann").has_value());
  for (int i = 0; i < 1000; ++i) {
    clock.advance(1ms);
    limiter.failed(fmt::format("198.51.100.{}", i), fmt::format("u{}", i));
  }
  EXPECT_FALSE(limiter.wait("192.0.2.1", "ann").has_value());
}

}  // namespace
}  // namespace gnomon::server
