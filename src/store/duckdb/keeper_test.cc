#include "store/duckdb/keeper.h"

#include <gtest/gtest.h>

#include <future>

namespace gnomon::store::duckdb {
namespace {

TEST(Keeper, WorksAgainWhenItIsToldSoDuringTheWork) {
  std::promise<void> begun, go_on;
  int times = 0;
  Keeper keeper([&]() -> Status {
    if (++times == 1) {
      begun.set_value();
      go_on.get_future().wait();
    }
    return {};
  });
  keeper.wait();  // for nothing
  EXPECT_EQ(times, 0);
  keeper.wake();
  begun.get_future().wait();
  keeper.wake();
  keeper.wake();
  go_on.set_value();
  keeper.wait();
  EXPECT_EQ(times, 2);
}

TEST(Keeper, TellsAFailureOnce) {
  bool fails = true;
  Keeper keeper([&]() -> Status {
    if (fails) return failure(ErrorCode::kExhausted, "work", "test", "it is full");
    return {};
  });
  EXPECT_TRUE(keeper.take_failure());
  keeper.wake();
  keeper.wait();
  const Status told = keeper.take_failure();
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().reason, "it is full");
  EXPECT_TRUE(keeper.take_failure());
  fails = false;
  keeper.wake();
  keeper.wait();
  EXPECT_TRUE(keeper.take_failure());
}

TEST(Keeper, LetsTheWorkInHandEnd) {
  std::promise<void> begun, go_on;
  bool ended = false;
  std::optional<Keeper> keeper;
  keeper.emplace([&]() -> Status {
    begun.set_value();
    go_on.get_future().wait();
    ended = true;
    return {};
  });
  keeper->wake();
  begun.get_future().wait();
  go_on.set_value();
  keeper.reset();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace gnomon::store::duckdb
