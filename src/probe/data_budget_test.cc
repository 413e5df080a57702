#include "probe/data_budget.h"

#include <gtest/gtest.h>

namespace gnomon::probe {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

// 2026-11-26, 12:00 UTC.
constexpr WallTime kNovember{seconds(1'795'694'400)};
constexpr WallTime kDecember = kNovember + hours(24 * 5);
constexpr ByteCount kGigabyte{1'000'000'000};

TEST(DataBudget, AllowsWhatIsLeftAndNoMore) {
  DataBudget budget(ByteCount{3 * kGigabyte.value});
  EXPECT_TRUE(budget.allows(kNovember, kGigabyte));
  budget.spend(kNovember, ByteCount{2'500'000'000});
  EXPECT_FALSE(budget.allows(kNovember, kGigabyte));
  EXPECT_EQ(budget.left(kNovember), ByteCount{500'000'000});
  budget.spend(kNovember, kGigabyte);  // a test that moved more than was expected
  EXPECT_EQ(budget.left(kNovember), ByteCount{0});
  EXPECT_EQ(budget.used(kNovember), ByteCount{3'500'000'000});
}

TEST(DataBudget, AMonthBeginsAnew) {
  DataBudget budget(kGigabyte);
  budget.spend(kNovember, kGigabyte);
  EXPECT_FALSE(budget.allows(kNovember, ByteCount{1}));
  EXPECT_TRUE(budget.allows(kDecember, kGigabyte));
  budget.spend(kDecember, kGigabyte);
  EXPECT_FALSE(budget.allows(kNovember, ByteCount{1}));  // a clock set back gives nothing
}

TEST(DataBudget, WithoutALimitItOnlyCounts) {
  DataBudget budget(std::nullopt);
  budget.spend(kNovember, kGigabyte);
  EXPECT_TRUE(budget.allows(kNovember, ByteCount{1ULL << 60}));
  EXPECT_FALSE(budget.left(kNovember));
  EXPECT_EQ(budget.used(kNovember), kGigabyte);
}

TEST(DataBudget, SurvivesAsText) {
  DataBudget before(kGigabyte);
  before.spend(kNovember, ByteCount{600'000'000});
  EXPECT_EQ(before.text(), "2026-11 600000000");
  DataBudget after(kGigabyte);
  ASSERT_TRUE(after.restore(before.text()));
  EXPECT_EQ(after.left(kNovember), ByteCount{400'000'000});
  EXPECT_EQ(after.left(kDecember), kGigabyte);
  for (const char* wrong : {"", "2026-11", "2026-13 5", "2026-11 -5", "2026-11 5 ", "november"}) {
    EXPECT_FALSE(after.restore(wrong)) << wrong;
  }
  EXPECT_EQ(after.used(kDecember), ByteCount{0});
}

}  // namespace
}  // namespace gnomon::probe
