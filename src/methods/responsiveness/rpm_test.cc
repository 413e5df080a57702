#include "methods/responsiveness/rpm.h"

#include <gtest/gtest.h>

namespace gnomon::methods::responsiveness {
namespace {

using std::chrono::milliseconds;

std::vector<Nanoseconds> all_of(std::size_t count, Nanoseconds delay) {
  return std::vector<Nanoseconds>(count, delay);
}

TEST(TrimmedMean, LeavesOutTheSlowestTwentieth) {
  auto samples = all_of(19, milliseconds(10));
  samples.push_back(milliseconds(5000));
  EXPECT_EQ(trimmed_mean(samples, 0.95), milliseconds(10));
  // One more, and what is cut is still one: never more than was asked for.
  samples.push_back(milliseconds(31));
  EXPECT_EQ(trimmed_mean(samples, 0.95), milliseconds(11) + std::chrono::microseconds(50));
}

TEST(TrimmedMean, OfFewCutsNothing) {
  EXPECT_EQ(trimmed_mean({milliseconds(7)}, 0.95), milliseconds(7));
  EXPECT_EQ(trimmed_mean({milliseconds(7), milliseconds(9)}, 0.95), milliseconds(8));
  EXPECT_EQ(trimmed_mean({}, 0.95), std::nullopt);
}

// The draft's formulas by hand: foreign 60000/((20+30+40)/3) = 2000, loaded 60000/60 = 1000, their mean 1500.
TEST(RpmOf, WeighsForeignAndLoadedAlike) {
  ProbeDelays delays;
  delays.tcp = all_of(3, milliseconds(20));
  delays.tls = all_of(3, milliseconds(30));
  delays.http = all_of(3, milliseconds(40));
  delays.self = all_of(3, milliseconds(60));
  const auto rpm = rpm_of(delays, true, 0.95);
  ASSERT_TRUE(rpm);
  EXPECT_DOUBLE_EQ(rpm->foreign, 2000);
  EXPECT_DOUBLE_EQ(rpm->loaded, 1000);
  EXPECT_DOUBLE_EQ(rpm->overall, 1500);
}

TEST(RpmOf, WithoutTlsHasTwoTerms) {
  ProbeDelays delays;
  delays.tcp = all_of(3, milliseconds(20));
  delays.http = all_of(3, milliseconds(40));
  delays.self = all_of(3, milliseconds(60));
  EXPECT_DOUBLE_EQ(rpm_of(delays, false, 0.95)->foreign, 2000);
  EXPECT_FALSE(rpm_of(delays, true, 0.95));
}

TEST(RpmOf, IsNothingWhenAKindOfProbeNeverCameBack) {
  ProbeDelays delays;
  delays.tcp = delays.tls = delays.http = all_of(3, milliseconds(20));
  EXPECT_FALSE(rpm_of(delays, true, 0.95));
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
