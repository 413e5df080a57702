#include "methods/udpst/load_pacer.h"

#include <gtest/gtest.h>

#include "methods/udpst/rate_table.h"

namespace gnomon::methods::udpst {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

class UdpstLoadPacer : public ::testing::Test {
 protected:
  // All datagrams that leave until `end`, with a look at the clock every `step`.
  std::uint64_t run(LoadPacer& pacer, Nanoseconds length, Nanoseconds step) {
    std::uint64_t datagrams = 0;
    for (const auto end = now_ + length; now_ < end;) {
      now_ = now_ + step;
      while (const auto burst = pacer.due(now_)) datagrams += burst->datagrams();
    }
    return datagrams;
  }
  SeededRandom random_{1};
  MonotonicTime now_{std::chrono::seconds(1)};
};

TEST_F(UdpstLoadPacer, SendsTheRateOfARow) {
  const RateTable table({true, false});
  for (const std::size_t index : {1U, 25U, 347U, 1000U}) {
    const auto& row = table.row(index);
    LoadPacer pacer(Family::kIpv4, random_);
    pacer.set_rate(row, now_);
    std::uint64_t bits = 0;
    for (int i = 0; i < 1'000'000 / 50; ++i) {
      now_ = now_ + microseconds(50);
      while (const auto burst = pacer.due(now_)) {
        bits += 8 * (burst->count * (burst->payload + kIpv4Overhead) +
                     (burst->addon > 0 ? burst->addon + kIpv4Overhead : 0));
      }
    }
    EXPECT_EQ(bits, ip_rate(row).value) << index;
    EXPECT_EQ(pacer.skipped(), 0U);
  }
}

TEST_F(UdpstLoadPacer, PacketsHaveTheSameSizeWithIpv6) {
  LoadPacer pacer(Family::kIpv6, random_);
  pacer.set_rate({0, 0, 0, 1000, 1222, 3, 347}, now_);
  EXPECT_EQ(pacer.due(now_ + milliseconds(1)), (Burst{1202, 3, 327}));
}

TEST_F(UdpstLoadPacer, RandomSizesFillTheirRange) {
  LoadPacer pacer(Family::kIpv4, random_);
  pacer.set_rate({0, 0, 0, 1000, 0, 0, 1222 | SendingRate::kRandomSize}, now_);
  std::uint32_t least = 9999, most = 0;
  for (int i = 0; i < 20'000; ++i) {
    now_ = now_ + milliseconds(1);
    const auto burst = pacer.due(now_);
    ASSERT_TRUE(burst);
    least = std::min(least, burst->addon);
    most = std::max(most, burst->addon);
  }
  EXPECT_EQ(least, 52U);
  EXPECT_EQ(most, 1222U);
}

TEST_F(UdpstLoadPacer, MakesGoodWhatALittleLatenessMissed) {
  LoadPacer pacer(Family::kIpv4, random_);
  pacer.set_rate({100, 1222, 2, 0, 0, 0, 0}, now_);
  EXPECT_EQ(run(pacer, milliseconds(100), milliseconds(4)), 2000U);
  EXPECT_EQ(pacer.skipped(), 0U);
}

TEST_F(UdpstLoadPacer, CountsWhatGreatLatenessMissed) {
  LoadPacer pacer(Family::kIpv4, random_);
  pacer.set_rate({100, 1222, 2, 0, 0, 0, 0}, now_);
  const auto sent = run(pacer, milliseconds(50), milliseconds(50));
  EXPECT_LE(sent, 2 * 51U);  // 5 ms of it
  EXPECT_EQ(sent + pacer.skipped(), 1000U);
}

TEST_F(UdpstLoadPacer, ASilentTransmitterIsNeverDue) {
  LoadPacer pacer(Family::kIpv4, random_);
  EXPECT_FALSE(pacer.next_due());
  pacer.set_rate({100, 1222, 2, 1000, 0, 0, 100}, now_);
  EXPECT_EQ(pacer.next_due(), now_ + microseconds(100));
  pacer.set_rate({0, 0, 0, 1000, 0, 0, 100}, now_);
  EXPECT_EQ(pacer.next_due(), now_ + milliseconds(1));
  pacer.set_rate({}, now_);
  EXPECT_FALSE(pacer.next_due());
  EXPECT_FALSE(pacer.due(now_ + std::chrono::seconds(1)));
}

}  // namespace
}  // namespace gnomon::methods::udpst
