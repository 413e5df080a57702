#include "cli/come_again.h"

#include <gtest/gtest.h>

#include <thread>

namespace gnomon::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(ComeAgain, AsksAsLongAsPatienceLasts) {
  const std::stop_source stop;
  ComeAgain again(stop.get_token(), milliseconds(5), milliseconds(2));
  testing::internal::CaptureStderr();
  int asked = 0;
  while (again.after("it tests for somebody else")) ++asked;
  EXPECT_EQ(asked, 3);  // after 2, 4 and 5 ms
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "it tests for somebody else; asking again for 1 s at most, Ctrl-C stops\n");
}

TEST(ComeAgain, AStopEndsTheWaiting) {
  std::stop_source stop;
  ComeAgain again(stop.get_token(), hours(1), hours(1));
  std::jthread other([&] { stop.request_stop(); });
  testing::internal::CaptureStderr();
  EXPECT_FALSE(again.after("busy"));
  EXPECT_FALSE(again.after("busy"));
  (void)testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace gnomon::cli
