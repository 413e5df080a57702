#include "analysis/access_verdict.h"

#include <gtest/gtest.h>

namespace gnomon::analysis {
namespace {

MethodRate method(std::string name, RateLayer layer, double mbps, std::optional<Limit> limit = {},
                  double confidence = 0.9) {
  MethodRate rate;
  rate.method = std::move(name);
  rate.layer = layer;
  rate.bps = mbps * 1e6;
  rate.duration = std::chrono::seconds(10);
  if (!limit) return rate;
  rate.limit.emplace();
  rate.limit->limit = *limit;
  rate.limit->confidence = confidence;
  rate.limit->sentence = {"Why: " + std::string(to_string(*limit)) + ".", "原因。"};
  return rate;
}

AccessVerdict verdict_of(const std::vector<MethodRate>& methods) {
  return access_verdict(methods, reconcile(methods, {}));
}

TEST(AccessVerdict, TheNetworkWhenAMethodThatFillsItSaysSo) {
  const auto verdict = verdict_of({method("TCP, one stream", RateLayer::kTcpPayload, 60, Limit::kReceiveWindow),
                                   method("TCP, 8 streams", RateLayer::kTcpPayload, 95, Limit::kNetworkRate),
                                   method("UDP capacity", RateLayer::kIpPacket, 98.9)});
  EXPECT_EQ(verdict.limit, Limit::kNetworkRate);
  EXPECT_FALSE(verdict.at_least);
  EXPECT_EQ(verdict.agreeing, 2);
  EXPECT_EQ(verdict.measured, 3);
  EXPECT_EQ(
      verdict.sentence.en,
      "The access carries 98.9 Mbit/s of IP packets (UDP capacity; 2 of 3 methods within 5 %). Why: network_rate.");
}

TEST(AccessVerdict, UdpAndTcpThatAgreeHaveOnlyThePathInCommon) {
  const auto verdict = verdict_of({method("TCP, 8 streams", RateLayer::kTcpPayload, 95, Limit::kUnsure),
                                   method("UDP capacity", RateLayer::kIpPacket, 98.9)});
  EXPECT_EQ(verdict.limit, Limit::kNetworkRate);
  EXPECT_FALSE(verdict.at_least);
}

TEST(AccessVerdict, TwoMethodsOverTcpThatAgreeProveNothing) {
  const auto verdict = verdict_of({method("TCP, 8 streams", RateLayer::kTcpPayload, 95, Limit::kUnsure),
                                   method("ndt7", RateLayer::kWebSocketPayload, 94.5, Limit::kUnsure)});
  EXPECT_EQ(verdict.limit, Limit::kUnsure);
  EXPECT_TRUE(verdict.at_least);
}

TEST(AccessVerdict, APolicerThatOneMethodSawIsOnTheWayOfAll) {
  const auto verdict = verdict_of({method("TCP, one stream", RateLayer::kTcpPayload, 70, Limit::kPolicer, 0.7),
                                   method("UDP capacity", RateLayer::kIpPacket, 99),
                                   method("TCP, 8 streams", RateLayer::kTcpPayload, 95, Limit::kNetworkRate, 0.9)});
  EXPECT_EQ(verdict.limit, Limit::kPolicer);
}

TEST(AccessVerdict, AnEndThatWasTheLimitMakesItAtLeast) {
  const auto verdict = verdict_of({method("TCP, 8 streams", RateLayer::kTcpPayload, 950, Limit::kServerCpu),
                                   method("ndt7", RateLayer::kWebSocketTlsPayload, 300, Limit::kClientCpu)});
  EXPECT_EQ(verdict.limit, Limit::kServerCpu);
  EXPECT_TRUE(verdict.at_least);
  EXPECT_TRUE(verdict.sentence.en.starts_with("The access carries at least 984 Mbit/s")) << verdict.sentence.en;
}

TEST(AccessVerdict, LossThatHoldsTcpBackLeavesTheCapacityOpen) {
  const auto verdict = verdict_of({method("TCP, one stream", RateLayer::kTcpPayload, 12, Limit::kNetworkLoss),
                                   method("UDP capacity", RateLayer::kIpPacket, 60)});
  EXPECT_EQ(verdict.limit, Limit::kNetworkLoss);
  EXPECT_TRUE(verdict.at_least);
}

TEST(AccessVerdict, NothingMeasuredIsSaid) {
  EXPECT_EQ(verdict_of({}).sentence.en, "No method gave a rate.");
  EXPECT_EQ(verdict_of({}).ip_bps, 0);
}

}  // namespace
}  // namespace gnomon::analysis
