#include "methods/udpst/load_statistics.h"

#include <gtest/gtest.h>

#include "methods/udpst/sub_interval.h"

namespace gnomon::methods::udpst {
namespace {

using std::chrono::milliseconds;

class UdpstLoadStatistics : public ::testing::Test {
 protected:
  void receive(std::uint32_t sequence, Nanoseconds one_way = milliseconds(10)) {
    LoadPdu pdu;
    pdu.sequence = sequence;
    pdu.time = session_.pdu_time(now_ - one_way);
    statistics_.on_load(pdu, 100, now_);
  }
  ManualClock clock_;
  SessionClock session_{clock_};
  LoadStatistics statistics_{session_};
  MonotonicTime now_ = clock_.now();
};

TEST_F(UdpstLoadStatistics, CountsLossReorderingAndDuplicates) {
  for (const std::uint32_t sequence : {1U, 2U, 5U, 4U, 4U, 9U, 2U}) receive(sequence);
  const auto counts = statistics_.take_trial();
  EXPECT_EQ(counts.datagrams, 7U);
  EXPECT_EQ(counts.bytes, 700U);
  EXPECT_EQ(counts.lost, 4U);        // 3, 6, 7, 8
  EXPECT_EQ(counts.reordered, 1U);   // 4
  EXPECT_EQ(counts.duplicated, 2U);  // 4, 2
}

TEST_F(UdpstLoadStatistics, ALateDatagramAfterTheReportIsReorderedAndItsLossStays) {
  for (const std::uint32_t sequence : {1U, 3U}) receive(sequence);
  EXPECT_EQ(statistics_.take_trial().lost, 1U);
  receive(2);
  const auto trial = statistics_.take_trial();
  EXPECT_EQ(trial.lost, 0U);
  EXPECT_EQ(trial.reordered, 1U);
  EXPECT_EQ(statistics_.take_sub_interval().lost, 0U);  // the longer interval knows both
}

TEST_F(UdpstLoadStatistics, RemembersNumbersOverAJump) {
  receive(1);
  receive(5000);
  receive(4999);
  receive(4999);
  receive(1);  // too far back to know
  const auto counts = statistics_.take_trial();
  EXPECT_EQ(counts.duplicated, 1U);
  EXPECT_EQ(counts.reordered, 2U);
  EXPECT_EQ(counts.lost, 4998U - 2U);
}

TEST_F(UdpstLoadStatistics, OneWayDelayIsAboveTheLeast) {
  receive(1, milliseconds(10));
  receive(2, milliseconds(14));
  receive(3, milliseconds(8));
  receive(4, milliseconds(9));
  const auto counts = statistics_.take_trial();
  EXPECT_EQ(counts.delay_count, 3U);  // the first one makes the least
  EXPECT_EQ(counts.delay_min, Nanoseconds{});
  EXPECT_EQ(counts.delay_max, milliseconds(4));
  EXPECT_EQ(counts.delay_sum, milliseconds(5));
  EXPECT_EQ(statistics_.clock_delta_minimum(), milliseconds(8));
}

TEST_F(UdpstLoadStatistics, RoundTripIsSampledOnceAStatusPdu) {
  LoadPdu pdu;
  pdu.sequence = 1;
  pdu.status_time = session_.pdu_time(now_);
  pdu.response_delay_ms = 12;
  const auto arrival = now_ + milliseconds(32);
  pdu.time = session_.pdu_time(arrival);
  statistics_.on_load(pdu, 100, arrival);
  pdu.sequence = 2;
  statistics_.on_load(pdu, 100, arrival + milliseconds(50));  // the same status PDU's: no sample
  EXPECT_EQ(statistics_.rtt_minimum(), milliseconds(20));
  EXPECT_EQ(statistics_.take_trial().rtt_count, 1U);
  pdu.sequence = 3;
  pdu.status_time = session_.pdu_time(now_ + milliseconds(50));
  statistics_.on_load(pdu, 100, now_ + milliseconds(50 + 12 + 25));
  const auto counts = statistics_.take_trial();
  EXPECT_EQ(counts.rtt_last, milliseconds(5));
  EXPECT_TRUE(statistics_.take_minimum_updated());
  EXPECT_FALSE(statistics_.take_minimum_updated());
}

TEST(UdpstSubInterval, IsAtTheIpLayer) {
  LoadCounts counts;
  counts.datagrams = 100'000;
  counts.bytes = 122'200'000;
  counts.lost = 25'010;
  counts.duplicated = 10;
  const auto v4 = to_sub_interval(counts, std::chrono::seconds(1), std::chrono::seconds(1), Family::kIpv4);
  EXPECT_EQ(v4.ip_rate, BitRate{1'000'000'000});
  EXPECT_EQ(v4.ip_bytes, ByteCount{125'000'000});
  EXPECT_DOUBLE_EQ(v4.loss_ratio.value, 25'010.0 / 125'000.0);
  const auto v6 = to_sub_interval(counts, milliseconds(500), std::chrono::seconds(1), Family::kIpv6);
  EXPECT_EQ(v6.ip_rate, BitRate{2'032'000'000});
  EXPECT_FALSE(v6.one_way_delay_variation);
}

TEST(UdpstSubInterval, SurvivesTheStatusPdu) {
  LoadCounts counts;
  counts.datagrams = 1000, counts.bytes = 1'222'000, counts.lost = 3, counts.reordered = 2, counts.duplicated = 1;
  counts.add_delay(milliseconds(1));
  counts.add_delay(milliseconds(3));
  counts.add_rtt(milliseconds(7));
  const auto there = to_sub_interval(counts, milliseconds(1001), milliseconds(2003), Family::kIpv4);
  const auto back = to_sub_interval(to_statistics(counts, milliseconds(1001), milliseconds(2003)), Family::kIpv4);
  EXPECT_EQ(back.ip_rate, there.ip_rate);
  EXPECT_EQ(back.lost, 3U);
  EXPECT_EQ(back.one_way_delay_variation, (DelayRange{milliseconds(1), milliseconds(2), milliseconds(3)}));
  EXPECT_EQ(back.rtt_variation, (RttRange{milliseconds(7), milliseconds(7)}));
  EXPECT_EQ(back.end, milliseconds(2003));
}

SubInterval second_of(std::uint64_t megabits, Nanoseconds late = {}) {
  SubInterval one;
  one.length = std::chrono::seconds(1) + late;
  one.ip_bytes = ByteCount{megabits * 125'000};
  one.ip_rate = ip_rate(0, one.ip_bytes.value, one.length, Family::kIpv4);
  return one;
}

// A server may say anything of what it received.
TEST(UdpstSubInterval, MoreBytesThanARateCanSayAreTheGreatestRate) {
  SubIntervalStatistics said;
  said.bytes = UINT64_MAX;
  said.length_us = 1;
  const auto sub_interval = to_sub_interval(said, Family::kIpv4);
  EXPECT_EQ(sub_interval.ip_rate, BitRate{10'000'000'000'000'000'000U});
  EXPECT_EQ(maximum_of({sub_interval})->rate, sub_interval.ip_rate);
}

TEST(UdpstSubInterval, TheMaximumIsTheFirstHighest) {
  EXPECT_EQ(maximum_of({second_of(0), second_of(5), second_of(5), second_of(0)}), (Maximum{1, BitRate{5'000'000}}));
  EXPECT_FALSE(maximum_of({}));
}

// As seen on a link of 494 Mbit/s whose receiver stood still for 76 ms.
TEST(UdpstSubInterval, WhatAStallPutIntoTheNextIsNoCapacity) {
  const auto ms = [](std::int64_t n) { return Nanoseconds(milliseconds(n)); };
  const std::vector<SubInterval> stalled = {second_of(252), second_of(494), second_of(479, ms(76)),
                                            second_of(539, ms(-18)), second_of(494)};
  EXPECT_EQ(maximum_of(stalled), (Maximum{3, BitRate{1'018'000'000 * 1000ULL / 2058}}));
  const std::vector<SubInterval> long_stall = {second_of(250),         second_of(490),         second_of(400, ms(80)),
                                               second_of(580, ms(20)), second_of(490, ms(-5)), second_of(490)};
  EXPECT_EQ(maximum_of(long_stall)->rate, BitRate{490'000'000});
  EXPECT_EQ(maximum_of({second_of(100, ms(50)), second_of(110)})->sub_interval, 1U);
}

TEST(UdpstSubInterval, WhatLastsLeavesMostOfABurstOut) {
  EXPECT_FALSE(sustained_of({second_of(100), second_of(100)}));
  UdpCapacity policed;
  policed.sub_intervals = {second_of(60), second_of(106), second_of(100), second_of(100), second_of(98)};
  policed.maximum = maximum_of(policed.sub_intervals);
  policed.sustained = sustained_of(policed.sub_intervals);
  EXPECT_EQ(policed.sustained, BitRate{102'000'000});
  EXPECT_TRUE(policed.is_burst());
  policed.sub_intervals[1] = second_of(101);
  policed.maximum = maximum_of(policed.sub_intervals);
  policed.sustained = sustained_of(policed.sub_intervals);
  EXPECT_FALSE(policed.is_burst());
}

}  // namespace
}  // namespace gnomon::methods::udpst
