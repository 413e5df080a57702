#include "net/thread_use.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gnomon::net {
namespace {

TEST(ThreadUse, CountsWhatTheThreadRuns) {
  const ThreadUse own = ThreadUse::of_caller();
  const auto before = own.read();
  ASSERT_TRUE(before);
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t turns = 0;
  while (std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(30)) ++turns;
  const auto after = own.read();
  ASSERT_TRUE(after);
  EXPECT_GT(turns, 0U);
  // Ran or waited for the whole time: the thread never slept. The kernel brings its figures up to date at each tick.
  const auto spent = (after->running - before->running) + (after->waiting - before->waiting);
  EXPECT_GT(spent, std::chrono::milliseconds(15));
}

TEST(ThreadUse, OneThatIsNotThereTellsNothing) {
  EXPECT_FALSE(ThreadUse(0).read());
}

}  // namespace
}  // namespace gnomon::net
