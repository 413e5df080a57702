#include "methods/udpst/setup_rules.h"

#include <gtest/gtest.h>

#include <array>

#include "methods/udpst/rate_table.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

SetupResponse response_to(const SetupPdu& request, const SetupPolicy& policy, std::uint32_t used = 0) {
  std::array<std::byte, kSetupSize> raw{};
  encode(request, raw);
  return judge_setup(request, raw, policy, used, kNow).response;
}

// Signs as a client of the version does.
SetupResponse response_to_signed(SetupPdu request, std::string_view secret, std::uint8_t id, const SetupPolicy& policy,
                                 std::chrono::seconds away = {}) {
  std::array<std::byte, kSetupSize> raw{};
  encode(request, raw);
  const auto time = unix_seconds(kNow + away);
  const auto keys = derive_keys(secret, time);
  if (request.version >= 20) {
    sign(raw, kSetupAuthOffset, keys.client, id, time);
  } else {
    sign(raw, kSetupAuthOffset, std::as_bytes(std::span(secret)), id, time);
  }
  return judge_setup(*decode_setup(raw), raw, policy, 0, kNow).response;
}

TEST(UdpstSetupRules, TakesVersions11To20) {
  SetupPdu request;
  for (const std::uint16_t version : {11, 19, 20}) {
    request.version = version;
    EXPECT_EQ(response_to(request, {}), SetupResponse::kAccepted) << version;
  }
  for (const std::uint16_t version : {0, 10, 21}) {
    request.version = version;
    EXPECT_EQ(response_to(request, {}), SetupResponse::kBadVersion) << version;
  }
}

TEST(UdpstSetupRules, LooksAtConnections) {
  SetupPdu request;
  request.connection_count = 24, request.connection_index = 23;
  EXPECT_EQ(response_to(request, {}), SetupResponse::kAccepted);
  request.connection_index = 24;
  EXPECT_EQ(response_to(request, {}), SetupResponse::kBadConnectionCount);
  request.connection_count = 0, request.connection_index = 0;
  EXPECT_EQ(response_to(request, {}), SetupResponse::kBadConnectionCount);
  request.connection_count = 25;
  EXPECT_EQ(response_to(request, {}), SetupResponse::kBadConnectionCount);
}

TEST(UdpstSetupRules, WantsTheSignatureOfAKeyThatItHas) {
  const SetupPolicy policy{{{1, "one"}, {2, "two"}}, {}};
  for (const std::uint16_t version : {11, 20}) {
    SetupPdu request;
    request.version = version;
    EXPECT_EQ(response_to(request, policy), SetupResponse::kAuthRequired);
    EXPECT_EQ(response_to_signed(request, "two", 2, policy), SetupResponse::kAccepted);
    EXPECT_EQ(response_to_signed(request, "two", 1, policy), SetupResponse::kAuthFailure);
    EXPECT_EQ(response_to_signed(request, "two", 3, policy), SetupResponse::kAuthFailure);
    EXPECT_EQ(response_to_signed(request, "two", 2, policy, std::chrono::seconds(-6)), SetupResponse::kAuthTime);
    EXPECT_EQ(response_to_signed(request, "two", 2, {}), SetupResponse::kAuthNotConfigured);
    request.auth.mode = 2;
    EXPECT_EQ(response_to(request, policy), SetupResponse::kAuthInvalid);
  }
}

TEST(UdpstSetupRules, SharesTheBandwidth) {
  const SetupPolicy policy{{}, 1000};
  SetupPdu request;
  request.max_bandwidth = 600 | SetupPdu::kUpstreamBit;
  EXPECT_EQ(response_to(request, policy, 400), SetupResponse::kAccepted);
  EXPECT_EQ(response_to(request, policy, 401), SetupResponse::kCapacityExceeded);
  request.max_bandwidth = 0;
  EXPECT_EQ(judge_setup(request, {}, policy, 400, kNow).granted_mbps, 600U);
  EXPECT_EQ(response_to(request, policy, 1000), SetupResponse::kCapacityExceeded);
}

TEST(UdpstSetupRules, PutsParametersRight) {
  ActivationPdu request;
  request.low_threshold_ms = 95;
  request.trial_interval_ms = 4;
  request.test_seconds = 3600;
  request.sub_interval_ms = 99;
  request.high_speed_delta = 0;
  request.rate_index = RateTable::kRows;
  request.algorithm = 2;
  request.traffic_class = 0xb8;
  request.random_payload = true;
  const auto agreed = agree(request, {});
  ActivationPdu expected;
  expected.test_seconds = 60;
  EXPECT_EQ(agreed, expected);
}

TEST(UdpstSetupRules, ActivationsAreSignedFromVersion20On) {
  const auto time = unix_seconds(kNow);
  const ClientIdentity identity{1, 2, derive_keys("two", time)};
  std::array<std::byte, kActivationSize> raw{};
  encode(ActivationPdu(), raw);
  EXPECT_FALSE(is_authentic(raw, 20, identity, kNow));
  EXPECT_TRUE(is_authentic(raw, 11, identity, kNow));
  sign(raw, kActivationAuthOffset, identity.keys.client, 2, time);
  EXPECT_TRUE(is_authentic(raw, 20, identity, kNow));
  EXPECT_FALSE(is_authentic(raw, 20, identity, kNow + std::chrono::seconds(6)));
  raw[7] ^= std::byte{1};
  EXPECT_FALSE(is_authentic(raw, 20, identity, kNow));
}

}  // namespace
}  // namespace gnomon::methods::udpst
