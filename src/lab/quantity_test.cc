#include "lab/quantity.h"

#include <gtest/gtest.h>

namespace gnomon::lab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Quantity, ReadsDurationsWithTheirUnits) {
  EXPECT_EQ(parse_duration("40ms"), milliseconds(40));
  EXPECT_EQ(parse_duration("1.5ms"), microseconds(1500));
  EXPECT_EQ(parse_duration("20us"), microseconds(20));
  EXPECT_EQ(parse_duration("20µs"), microseconds(20));
  EXPECT_EQ(parse_duration("2s"), std::chrono::seconds(2));
  EXPECT_EQ(parse_duration("0"), Nanoseconds{0});
  for (const char* wrong : {"", "40", "ms", "-3ms", "4 ms", "1h", "nan", "infs", "1e99s", "40msx"}) {
    EXPECT_FALSE(parse_duration(wrong).has_value()) << wrong;
  }
}

TEST(Quantity, ReadsRatios) {
  EXPECT_DOUBLE_EQ(parse_ratio("2%").value(), 0.02);
  EXPECT_DOUBLE_EQ(parse_ratio("150ppm").value(), 0.00015);
  EXPECT_DOUBLE_EQ(parse_ratio("0.5").value(), 0.5);
  for (const char* wrong : {"101%", "1.5", "-1%", "%", "2%%"}) EXPECT_FALSE(parse_ratio(wrong).has_value()) << wrong;
}

TEST(Quantity, ReadsRates) {
  EXPECT_EQ(parse_rate("100M"), 100'000'000U);
  EXPECT_EQ(parse_rate("2.5G"), 2'500'000'000U);
  EXPECT_EQ(parse_rate("64kbit/s"), 64'000U);
  EXPECT_EQ(parse_rate("unlimited"), 0U);
  for (const char* wrong : {"100m", "M", "-1M", "1e300G"}) EXPECT_FALSE(parse_rate(wrong).has_value()) << wrong;
}

TEST(Quantity, ReadsBytes) {
  EXPECT_EQ(parse_bytes("1500"), 1'500U);
  EXPECT_EQ(parse_bytes("100kB"), 100'000U);
  EXPECT_EQ(parse_bytes("2.5M"), 2'500'000U);
  for (const char* wrong : {"100KB", "B", "-1", "1e300G"}) EXPECT_FALSE(parse_bytes(wrong).has_value()) << wrong;
}

TEST(Quantity, WritesWhatItReads) {
  for (const std::int64_t ns : {0LL, 1LL, 999LL, 1'000LL, 12'345LL, 1'500'000LL, 40'000'000LL, 40'000'001LL,
                                12'000'000'000LL, 36'660'005'000LL}) {
    EXPECT_EQ(parse_duration(format_duration(Nanoseconds{ns})), Nanoseconds{ns}) << ns;
  }
  for (const double ratio : {0.0, 0.000002, 0.00015, 0.02, 0.5, 1.0}) {
    EXPECT_DOUBLE_EQ(parse_ratio(format_ratio(ratio)).value(), ratio);
  }
  for (const std::uint64_t rate : {0ULL, 64'000ULL, 100'000'000ULL, 2'500'000'000ULL, 123'456'789ULL, 7ULL}) {
    EXPECT_EQ(parse_rate(format_rate(rate)), rate);
  }
  for (const std::uint64_t bytes : {1'500ULL, 100'000ULL, 2'500'000ULL, 7ULL}) {
    EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes);
  }
}

}  // namespace
}  // namespace gnomon::lab
