#include "analysis/reconciliation.h"

#include <gtest/gtest.h>

namespace gnomon::analysis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MethodRate method(std::string name, RateLayer layer, double mbps) {
  MethodRate rate;
  rate.method = std::move(name);
  rate.layer = layer;
  rate.bps = mbps * 1e6;
  rate.duration = seconds(10);
  return rate;
}

TransferLimit limited_by(Limit limit) {
  TransferLimit verdict;
  verdict.limit = limit;
  return verdict;
}

TEST(PayloadShare, IsWhatTheHeadersLeave) {
  EXPECT_DOUBLE_EQ(payload_share(RateLayer::kTcpPayload, {}), 1448.0 / 1500);
  EXPECT_DOUBLE_EQ(payload_share(RateLayer::kTcpPayload, {Family::kIpv6, 1500, true}), 1428.0 / 1500);
  EXPECT_DOUBLE_EQ(payload_share(RateLayer::kTcpPayload, {Family::kIpv4, 9000, false}), 8960.0 / 9000);
  EXPECT_DOUBLE_EQ(payload_share(RateLayer::kIpPacket, {}), 1);
  EXPECT_NEAR(payload_share(RateLayer::kTlsPayload, {}), 1448.0 / 1500 * 16384 / 16406, 1e-12);
  EXPECT_NEAR(payload_share(RateLayer::kWebSocketTlsPayload, {}), 1448.0 / 1500 * 16384 / 16406 * 65536 / 65546, 1e-12);
}

// Mathis et al.'s own example of use: 1,460 bytes, 100 ms, 1 in 10,000: 14.2 Mbit/s.
TEST(Mathis, KnownValue) {
  EXPECT_NEAR(mathis_bps(1460, 0.1, 1e-4), 14.2e6, 0.1e6);
}

// Gigabit Ethernet carries 1500 of 1538 bytes on the wire: 975.3 Mbit/s of IP, 941.5 Mbit/s of TCP with timestamps.
TEST(Reconcile, AGigabitIsTheSameByAllMethodsOnceHeadersAreCounted) {
  const MethodRate methods[] = {method("UDP", RateLayer::kIpPacket, 975.3),
                                method("TCP, 8 streams", RateLayer::kTcpPayload, 941.5),
                                method("ndt7", RateLayer::kWebSocketTlsPayload, 940.1)};
  for (const ReconciledRate& row : reconcile(methods, {})) {
    EXPECT_NEAR(row.ip_bps, 975.3e6, 0.5e6) << row.method;
    EXPECT_EQ(row.cause, RateCause::kNone) << row.method;
    EXPECT_EQ(row.unexplained, 0);
  }
  EXPECT_EQ(reconcile(methods, {})[1].explanation.en,
            "Headers are 3.47 % of the packets; so counted it agrees with the highest.");
}

TEST(Reconcile, OneStreamIsHeldByItsWindow) {
  MethodRate one = method("TCP, one stream", RateLayer::kTcpPayload, 50);
  one.limit = limited_by(Limit::kReceiveWindow);
  one.limit->window = ByteCount{250'000};
  one.rtt = milliseconds(40);
  const MethodRate methods[] = {method("UDP", RateLayer::kIpPacket, 400), one};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[0].below, 0);
  EXPECT_EQ(rows[1].cause, RateCause::kWindow);
  EXPECT_NEAR(rows[1].below, 1 - 50 / (1448.0 / 1500) / 400, 1e-9);
  EXPECT_EQ(rows[1].unexplained, 0);
  EXPECT_EQ(rows[1].explanation.en, "A window of 250 kB goes once in a round trip of 40.0 ms.");
}

TEST(Reconcile, OneStreamIsHeldByLossAsFarAsMathisSays) {
  MethodRate one = method("TCP, one stream", RateLayer::kTcpPayload, 14);
  one.loss_ratio = 1e-4;
  one.rtt = milliseconds(100);
  const MethodRate methods[] = {method("UDP", RateLayer::kIpPacket, 400), one};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kLoss);
  EXPECT_NEAR(rows[1].unexplained, 0, 0.001);
  // Far below what the formula allows: loss explains a part of it only.
  one.bps = 5e6;
  const MethodRate slower[] = {methods[0], one};
  EXPECT_GT(reconcile(slower, {})[1].unexplained, 0.02);
  // Sixteen streams share the losses.
  one.streams = 16;
  const MethodRate many[] = {methods[0], one};
  EXPECT_EQ(reconcile(many, {})[1].cause, RateCause::kUnexplained);
}

TEST(Reconcile, APolicersBurstCountsMoreInAShortTest) {
  MethodRate brief = method("Responsiveness", RateLayer::kTcpPayload, 36);
  brief.duration = seconds(4), brief.holds_burst = true;
  MethodRate longer = method("TCP, 8 streams", RateLayer::kTcpPayload, 20);
  longer.limit = limited_by(Limit::kPolicer);
  longer.limit->policer = Policer{};
  longer.limit->policer->burst_bytes = 8e6;
  const MethodRate methods[] = {brief, longer};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kBurst);
  EXPECT_LT(rows[1].unexplained, 0.02);
}

TEST(Reconcile, ProcessorsAndPaceExplainAll) {
  MethodRate cpu = method("ndt7", RateLayer::kWebSocketTlsPayload, 300);
  cpu.limit = limited_by(Limit::kClientCpu);
  MethodRate paced = method("TCP, one stream", RateLayer::kTcpPayload, 100);
  paced.limit = limited_by(Limit::kSenderApplication);
  const MethodRate methods[] = {method("UDP", RateLayer::kIpPacket, 900), cpu, paced};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kCpu);
  EXPECT_EQ(rows[1].explanation.zh, "受客户端处理器限制，而非接入网络。");
  EXPECT_EQ(rows[2].cause, RateCause::kPace);
}

TEST(Reconcile, OverlappingIntervalsNeedNoExplanation) {
  MethodRate one = method("TCP, one stream", RateLayer::kTcpPayload, 80);
  one.low = 60e6, one.high = 100e6;
  MethodRate many = method("TCP, 8 streams", RateLayer::kTcpPayload, 95);
  many.low = 94e6, many.high = 96e6;
  const MethodRate methods[] = {one, many};
  EXPECT_EQ(reconcile(methods, {})[0].cause, RateCause::kNone);
  one.high = 90e6;
  const MethodRate apart[] = {one, many};
  EXPECT_EQ(reconcile(apart, {})[0].cause, RateCause::kUnexplained);
  EXPECT_TRUE(reconcile({}, {}).empty());
}

TEST(Reconcile, TcpBehindAPolicerIsBelowIt) {
  MethodRate one = method("TCP, one stream", RateLayer::kTcpPayload, 70);
  one.limit = limited_by(Limit::kPolicer);
  one.limit->policer = Policer{};
  one.limit->policer->bps = 95e6;
  const MethodRate methods[] = {method("UDP capacity", RateLayer::kIpPacket, 98.9), one};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kPolicer);
  EXPECT_LT(rows[1].unexplained, 0.02);
  EXPECT_EQ(rows[1].explanation.en,
            "A policer of 98.4 Mbit/s drops what exceeds it, and TCP then falls below it for a while.");
}

TEST(Reconcile, ARateThatHoldsItsRampUpIsBelowOneThatDoesNot) {
  MethodRate ndt7 = method("ndt7", RateLayer::kWebSocketPayload, 85);
  ndt7.settled_bps = 95e6;
  const MethodRate methods[] = {method("UDP capacity", RateLayer::kIpPacket, 98.9), ndt7};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kRampUp);
  EXPECT_LT(rows[1].unexplained, 0.02);
  EXPECT_EQ(rows[1].explanation.en, "Its rate includes the ramp-up; after it, it was 95 Mbit/s.");
}

TEST(Reconcile, TheBestSecondIsAboveAMean) {
  MethodRate udp = method("UDP capacity", RateLayer::kIpPacket, 120);
  udp.usual_bps = 100e6;
  const MethodRate methods[] = {udp, method("TCP, 8 streams", RateLayer::kTcpPayload, 96)};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kBestMoment);
  EXPECT_LT(rows[1].unexplained, 0.02);
}

TEST(Reconcile, TwoCausesAreBothToldWhenOneIsNotEnough) {
  MethodRate udp = method("UDP capacity", RateLayer::kIpPacket, 120);
  udp.usual_bps = 100e6;
  MethodRate ndt7 = method("ndt7", RateLayer::kWebSocketPayload, 85);
  ndt7.settled_bps = 95e6;
  const MethodRate methods[] = {udp, ndt7};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kBestMoment) << "the larger of the two";
  EXPECT_NE(rows[1].explanation.en.find("ramp-up"), std::string::npos);
  EXPECT_LT(rows[1].unexplained, 0.03);
}

TEST(Reconcile, ASearchThatWasStillRisingSaysSo) {
  MethodRate udp = method("UDP capacity", RateLayer::kIpPacket, 900);
  udp.was_rising = true;
  const MethodRate methods[] = {udp, method("TCP, 8 streams", RateLayer::kTcpPayload, 9000)};
  EXPECT_EQ(reconcile(methods, {})[0].cause, RateCause::kRampUp);
}

TEST(Reconcile, APolicerThatOneMethodSawExplainsTheOthersToo) {
  MethodRate udp = method("UDP capacity", RateLayer::kIpPacket, 51.4);
  udp.duration = seconds(1), udp.holds_burst = true, udp.usual_bps = 49.4e6;
  MethodRate one = method("TCP, one stream", RateLayer::kTcpPayload, 47.6);
  one.limit = limited_by(Limit::kPolicer);
  one.limit->confidence = 0.9;
  one.limit->policer = Policer{};
  one.limit->policer->bps = 47.8e6;
  one.limit->policer->burst_bytes = 300'000;
  const MethodRate methods[] = {udp, one, method("Responsiveness", RateLayer::kTlsPayload, 43.4)};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kBurst);
  EXPECT_EQ(rows[2].cause, RateCause::kPolicer);
  EXPECT_NE(rows[2].explanation.en.find("burst of 300 kB"), std::string::npos) << rows[2].explanation.en;
  EXPECT_LT(rows[2].unexplained, 0.03);
}

TEST(Reconcile, ACauseThatExplainsLittleDoesNotNameTheDifference) {
  MethodRate udp = method("UDP capacity", RateLayer::kIpPacket, 100);
  udp.usual_bps = 97e6;
  MethodRate other = method("Responsiveness", RateLayer::kTlsPayload, 60);
  other.probes = 0.05;
  const MethodRate methods[] = {udp, other};
  const auto rows = reconcile(methods, {});
  EXPECT_EQ(rows[1].cause, RateCause::kUnexplained);
  EXPECT_TRUE(rows[1].explanation.en.starts_with("Its own probes may take 5 % of the path")) << rows[1].explanation.en;
  EXPECT_TRUE(rows[1].explanation.en.ends_with("remain unexplained.")) << rows[1].explanation.en;
}

TEST(Reconcile, OwnProbesTakeAPart) {
  MethodRate other = method("Responsiveness", RateLayer::kTlsPayload, 45.5);
  other.probes = 0.05;
  const MethodRate methods[] = {method("TCP, 8 streams", RateLayer::kTcpPayload, 47.84), other};
  EXPECT_EQ(reconcile(methods, {})[1].cause, RateCause::kProbes);
  EXPECT_EQ(reconcile(methods, {})[1].unexplained, 0);
}

}  // namespace
}  // namespace gnomon::analysis
