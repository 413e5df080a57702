// What the emulator counts as reordered is what its far end sees so (RFC 4737 §3), however many frames are held at
// once.

#include <gtest/gtest.h>

#include <algorithm>

#include "lab/lab_fixture.h"

namespace gnomon::lab {
namespace {

std::uint64_t reordered_by_rfc4737(const std::vector<std::uint64_t>& arrived) {
  std::uint64_t next_expected = 0;
  std::uint64_t reordered = 0;
  for (const std::uint64_t number : arrived) {
    if (number < next_expected) {
      ++reordered;
    } else {
      next_expected = number + 1;
    }
  }
  return reordered;
}

TEST(LabReorder, FramesThatAreAllHeldLeaveInOrderAndCountAsSuch) {
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 2ms, reorder: 100%}\n");
  ASSERT_NE(lab, nullptr);
  const auto arrived = send_numbers(*lab, 200);
  ASSERT_EQ(arrived.size(), 200U);
  EXPECT_TRUE(std::ranges::is_sorted(arrived));
  EXPECT_EQ(forward_truth(*lab).reordered, 0U);
}

TEST(LabReorder, RunsOfHeldFramesCountOneByOne) {
  // With every second frame held, runs of several are common; losses must not disturb the count.
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 2ms, jitter: 1ms, reorder: 50%, loss: 5%}\n");
  ASSERT_NE(lab, nullptr);
  const auto arrived = send_numbers(*lab, 2000);
  const auto reordered = reordered_by_rfc4737(arrived);
  EXPECT_EQ(forward_truth(*lab).reordered, reordered);
  EXPECT_GT(reordered, 700U);
}

}  // namespace
}  // namespace gnomon::lab
