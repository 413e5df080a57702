#include "methods/delay_sample.h"

#include <gtest/gtest.h>

namespace gnomon::methods {
namespace {

using namespace std::chrono_literals;
using schema::TimestampSource;

constexpr Nanoseconds kOffset = 1'800'000'000s;

MonotonicTime mono(Nanoseconds t) {
  return {1000s + t};
}
WallTime wall(Nanoseconds t, Nanoseconds offset = kOffset) {
  return {1000s + t + offset};
}

SendTimes sent_at(Nanoseconds t) {
  return {mono(t), mono(t + 20us), kOffset, wall(t + 8us), wall(t + 10us)};
}
ReceiveTimes received_at(Nanoseconds t) {
  return {mono(t - 5ms), mono(t + 30us), kOffset, false, wall(t)};
}

TEST(DelaySample, UsesKernelTimesAndTheirBracket) {
  const auto sample = measure_delay(sent_at(0ms), received_at(5ms), std::nullopt, {});
  EXPECT_EQ(sample.rtt, 5ms - 9us);
  EXPECT_EQ(sample.error_bound, 1us) << "scheduled to transmitted";
  EXPECT_EQ(sample.source, TimestampSource::kKernel);
  EXPECT_FALSE(sample.forward);
}

TEST(DelaySample, APacketThatWaitedInTheQueueLeftAtItsEnd) {
  auto send = sent_at(0ms);
  send.transmitted = wall(3ms);
  const auto sample = measure_delay(send, received_at(5ms), std::nullopt, {});
  EXPECT_EQ(sample.rtt, 2ms);
  EXPECT_EQ(sample.error_bound, 3ms - 8us);
}

TEST(DelaySample, FallsBackToTheSystemCallsBracket) {
  auto send = sent_at(0ms);
  send.scheduled.reset();
  send.transmitted.reset();
  const auto sample = measure_delay(send, received_at(5ms), std::nullopt, {});
  EXPECT_EQ(sample.rtt, 5ms - 10us);
  EXPECT_EQ(sample.error_bound, 10us);
  EXPECT_EQ(sample.source, TimestampSource::kUser);
}

TEST(DelaySample, UserReceiptIsBoundedByTheLastEmptyRead) {
  auto receive = received_at(5ms);
  receive.kernel.reset();
  receive.empty = mono(4ms);
  const auto sample = measure_delay(sent_at(0ms), receive, std::nullopt, {});
  EXPECT_EQ(sample.rtt, 5ms + 21us);
  EXPECT_EQ(sample.error_bound, 1ms + 30us + 1us);
  EXPECT_EQ(sample.source, TimestampSource::kUser);
}

TEST(DelaySample, IgnoresTimesThatBelongToAnotherPacket) {
  auto send = sent_at(0ms);
  send.transmitted = wall(-1ms);
  send.scheduled = wall(-1ms - 2us);
  EXPECT_EQ(measure_delay(send, received_at(5ms), std::nullopt, {}).source, TimestampSource::kUser);
}

TEST(DelaySample, TakesTheReflectorsResidenceOut) {
  const ReflectorTimes reflector{wall(2ms), wall(3ms), 1ms};
  const auto sample = measure_delay(sent_at(0ms), received_at(5ms), reflector, {500us, false});
  EXPECT_EQ(sample.rtt, 4ms - 9us);
  EXPECT_EQ(sample.forward, 2ms - 9us);
  EXPECT_EQ(sample.backward, 2ms);
  EXPECT_EQ(sample.clock_bound, 1500us + 1us);
  EXPECT_FALSE(sample.clock_fault);
}

TEST(DelaySample, ClockBoundIsUnknownUnlessBothAreSynchronised) {
  const ReflectorTimes reflector{wall(2ms), wall(3ms), std::nullopt};
  EXPECT_FALSE(measure_delay(sent_at(0ms), received_at(5ms), reflector, {500us, false}).clock_bound);
  const auto shared = measure_delay(sent_at(0ms), received_at(5ms), reflector, {std::nullopt, true});
  EXPECT_EQ(shared.clock_bound, shared.error_bound);
}

TEST(DelaySample, NegativeOneWayDelayIsAClockFault) {
  const ReflectorTimes ahead{wall(12ms), wall(13ms), std::nullopt};  // its clock is 10 ms ahead
  const auto sample = measure_delay(sent_at(0ms), received_at(5ms), ahead, {});
  EXPECT_LT(*sample.backward, 0ns);
  EXPECT_TRUE(sample.clock_fault);
  EXPECT_EQ(sample.rtt, 4ms - 9us) << "the round trip does not depend on the other clock";
  const ReflectorTimes bounded{wall(12ms), wall(13ms), 20ms};
  EXPECT_FALSE(measure_delay(sent_at(0ms), received_at(5ms), bounded, {1ms, false}).clock_fault);
}

TEST(DelaySample, ImpossibleResidenceIsNotBelieved) {
  const ReflectorTimes backwards{wall(3ms), wall(2ms), std::nullopt};
  const auto sample = measure_delay(sent_at(0ms), received_at(5ms), backwards, {});
  EXPECT_EQ(sample.rtt, 5ms - 9us);
  EXPECT_TRUE(sample.clock_fault);
  const ReflectorTimes endless{wall(0ms), wall(50ms), std::nullopt};
  EXPECT_EQ(measure_delay(sent_at(0ms), received_at(5ms), endless, {}).rtt, 5ms - 9us);
}

TEST(DelaySample, AStepOfTheWallClockLeavesTheRoundTripRight) {
  auto receive = received_at(5ms);
  receive.wall_offset = kOffset + 1h;
  receive.kernel = wall(5ms, kOffset + 1h);
  const ReflectorTimes reflector{wall(2ms), wall(3ms), 1ms};
  const auto sample = measure_delay(sent_at(0ms), receive, reflector, {1ms, false});
  EXPECT_EQ(sample.rtt, 4ms - 9us);
  EXPECT_TRUE(sample.clock_stepped);
  EXPECT_FALSE(sample.forward) << "one-way delays are dropped";
  EXPECT_EQ(sample.source, TimestampSource::kKernel);
}

TEST(DelaySample, AStepWhileThePacketLayInTheSocketUsesTheProgramsClock) {
  auto receive = received_at(5ms);
  receive.offset_uncertain = true;
  receive.wall_offset = kOffset - 1h;
  const auto sample = measure_delay(sent_at(0ms), receive, std::nullopt, {});
  EXPECT_EQ(sample.rtt, 5ms + 21us);
  EXPECT_EQ(sample.source, TimestampSource::kUser);
  EXPECT_GE(sample.error_bound, 30us);
}

}  // namespace
}  // namespace gnomon::methods
