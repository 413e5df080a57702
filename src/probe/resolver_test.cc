#include "probe/resolver.h"

#include <gtest/gtest.h>

namespace gnomon::probe {
namespace {

using namespace std::chrono_literals;

TEST(Resolver, LooksUpAgainAndStopsForNamesNoLongerWatched) {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int> counts;
  const auto listener = [&](const Resolution& resolution) {
    const std::lock_guard lock(mutex);
    ++counts[resolution.host];
    changed.notify_all();
  };
  const auto look_up = [](const std::string& host) {
    Resolution resolution;
    resolution.host = host;
    if (host == "a") resolution.addresses = {*net::Address::parse("192.0.2.1")};
    return resolution;
  };
  Resolver resolver(listener, look_up, 5ms, 1ms);
  resolver.watch({"a", "b"});
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, 10s, [&] { return counts["a"] >= 3 && counts["b"] >= 3; }));
  lock.unlock();
  resolver.watch({"c"});
  lock.lock();
  const int before = counts["a"];
  ASSERT_TRUE(changed.wait_for(lock, 10s, [&] { return counts["c"] >= 10; }));
  EXPECT_LE(counts["a"], before + 1);  // one may have been under way
}

TEST(Resolver, LooksUpForReal) {
  const Resolution resolution = Resolver::look_up("127.0.0.1");
  ASSERT_EQ(resolution.addresses.size(), 1U);
  EXPECT_FALSE(Resolver::look_up("no-such-host.invalid").problem.empty());
}

}  // namespace
}  // namespace gnomon::probe
