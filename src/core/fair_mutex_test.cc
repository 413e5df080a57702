#include "core/fair_mutex.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace gnomon {
namespace {

TEST(FairMutex, WhoAskedFirstHasItFirst) {
  FairMutex mutex;
  std::string order;
  mutex.lock();
  std::thread other([&] {
    const std::lock_guard lock(mutex);
    order += "other ";
  });
  while (mutex.asking() < 2) std::this_thread::yield();
  mutex.unlock();
  mutex.lock();  // at once: std::mutex would nearly always give it to this thread
  order += "again";
  mutex.unlock();
  other.join();
  EXPECT_EQ(order, "other again");
}

TEST(FairMutex, OneAtATime) {
  FairMutex mutex;
  int plain = 0;
  const auto count = [&] {
    for (int i = 0; i < 2'000; ++i) {
      const std::lock_guard lock(mutex);
      ++plain;
    }
  };
  std::thread one(count), two(count), three(count);
  one.join();
  two.join();
  three.join();
  EXPECT_EQ(plain, 6'000);
  EXPECT_EQ(mutex.asking(), 0U);
}

}  // namespace
}  // namespace gnomon
