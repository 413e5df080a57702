#include "wire/ntp_time.h"

#include <gtest/gtest.h>

namespace gnomon::wire {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'800'000'000s + 123'456'789ns};  // 2027

TEST(NtpTime, HasTheRightEpochAndFraction) {
  // RFC 5905 figure 4: 1970-01-01 is 2,208,988,800 s after 1900.
  EXPECT_EQ(encode_timestamp(WallTime{}, TimeFormat::kNtp), 0x83aa7e80'00000000u);
  EXPECT_EQ(encode_timestamp(WallTime{500ms}, TimeFormat::kNtp), 0x83aa7e80'80000000u);
  EXPECT_EQ(encode_timestamp(WallTime{1s + 250ns}, TimeFormat::kPtp), 0x00000001'000000fau);
}

TEST(NtpTime, RoundTripsToTheNanosecond) {
  for (const auto format : {TimeFormat::kNtp, TimeFormat::kPtp}) {
    for (std::int64_t nanos : {0, 1, 2, 499'999'999, 500'000'000, 999'999'999}) {
      const WallTime time{1'800'000'000s + Nanoseconds{nanos}};
      EXPECT_EQ(decode_timestamp(encode_timestamp(time, format), format, kNow), time) << nanos;
    }
  }
}

TEST(NtpTime, CrossesTheEraOf2036) {
  const WallTime before{2'085'978'495s};  // one second before the NTP era ends
  const WallTime after{2'085'978'497s};
  EXPECT_EQ(decode_timestamp(encode_timestamp(after, TimeFormat::kNtp), TimeFormat::kNtp, before), after);
  EXPECT_EQ(decode_timestamp(encode_timestamp(before, TimeFormat::kNtp), TimeFormat::kNtp, after), before);
}

TEST(NtpTime, BoundsImpossibleNanoseconds) {
  const auto time = decode_timestamp(0x00000001'ffffffffu, TimeFormat::kPtp, WallTime{});
  EXPECT_EQ(time, WallTime{1s + 999'999'999ns});
}

TEST(ErrorEstimate, IsNeverBelowTheTruth) {
  for (const auto error : {0ns, 1ns, 232ns, 1'000ns, 1'000'000ns, 16'000'000ns, 3'600'000'000'000ns}) {
    const ErrorEstimate estimate{true, TimeFormat::kNtp, error};
    const auto decoded = decode_error_estimate(encode_error_estimate(estimate));
    ASSERT_TRUE(decoded);
    EXPECT_GE(decoded->error, error);
    EXPECT_LE(decoded->error, error + error / 100 + 1ns);
    EXPECT_TRUE(decoded->synchronised);
  }
}

TEST(ErrorEstimate, ReadsTheFlags) {
  const auto ptp = decode_error_estimate(0x4001);
  ASSERT_TRUE(ptp);
  EXPECT_FALSE(ptp->synchronised);
  EXPECT_EQ(ptp->format, TimeFormat::kPtp);
  EXPECT_FALSE(decode_error_estimate(0x8000)) << "multiplier 0 is corrupt";
  EXPECT_EQ(decode_error_estimate(0x2001)->error, 1s) << "scale 32, multiplier 1: 2^32 units of 2^-32 s";
  EXPECT_GT(decode_error_estimate(0x3fff)->error, 0ns);
}

}  // namespace
}  // namespace gnomon::wire
