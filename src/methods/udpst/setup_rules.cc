#include "methods/udpst/setup_rules.h"

#include <algorithm>
#include <limits>

#include "methods/udpst/rate_table.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint16_t kFirstWithDerivedKeys = 20;
constexpr std::uint8_t kAuthenticated = 1;

// Fills in the identity; kNone when the signature is right.
SetupResponse check_signature(const SetupPdu& request, std::span<const std::byte> raw, const SetupPolicy& policy,
                              WallTime now, ClientIdentity& identity) {
  const auto* key = find_key(policy.keys, request.auth.key_id);
  if (key == nullptr) return SetupResponse::kAuthFailure;
  identity = {kAuthenticated, key->id, {}};
  auto verdict = AuthVerdict::kWrongDigest;
  if (request.version >= kFirstWithDerivedKeys) {
    identity.keys = derive_keys(key->secret, request.auth.unix_time);
    verdict = verify(raw, kSetupAuthOffset, identity.keys.client, now);
  } else {
    verdict = verify(raw, kSetupAuthOffset, std::as_bytes(std::span(key->secret)), now);
  }
  switch (verdict) {
    case AuthVerdict::kGood:
      return SetupResponse::kNone;
    case AuthVerdict::kWrongDigest:
      return SetupResponse::kAuthFailure;
    case AuthVerdict::kOutsideWindow:
      return SetupResponse::kAuthTime;
  }
  return SetupResponse::kAuthFailure;
}

SetupResponse check_authentication(const SetupPdu& request, std::span<const std::byte> raw, const SetupPolicy& policy,
                                   WallTime now, ClientIdentity& identity) {
  if (policy.keys.empty()) {
    return request.auth.mode == 0 ? SetupResponse::kNone : SetupResponse::kAuthNotConfigured;
  }
  if (request.auth.mode == 0) return SetupResponse::kAuthRequired;
  if (request.auth.mode != kAuthenticated) return SetupResponse::kAuthInvalid;
  return check_signature(request, raw, policy, now, identity);
}

template <typename Number>
void keep_within(Number& value, std::uint32_t least, std::uint32_t most, Number otherwise) {
  if (value < least || value > most) value = otherwise;
}

}  // namespace

SetupVerdict judge_setup(const SetupPdu& request, std::span<const std::byte> raw, const SetupPolicy& policy,
                         std::uint32_t used_mbps, WallTime now) {
  SetupVerdict verdict;
  const auto say = [&](SetupResponse response) {
    verdict.response = response;
    return verdict;
  };
  if (request.version < kOldestVersion || request.version > kProtocolVersion) return say(SetupResponse::kBadVersion);
  const auto authentic = check_authentication(request, raw, policy, now, verdict.identity);
  if (authentic != SetupResponse::kNone) return say(authentic);
  if (request.connection_count == 0 || request.connection_count > kMostConnections ||
      request.connection_index >= request.connection_count) {
    return say(SetupResponse::kBadConnectionCount);
  }
  if (policy.max_bandwidth_mbps) {
    const auto left = *policy.max_bandwidth_mbps - std::min(*policy.max_bandwidth_mbps, used_mbps);
    const std::uint32_t asked = request.max_bandwidth & ~SetupPdu::kUpstreamBit;
    // Who asks for no bandwidth gets its share of what is left.
    verdict.granted_mbps = asked > 0 ? asked : left / request.connection_count;
    if (verdict.granted_mbps == 0 || verdict.granted_mbps > left) return say(SetupResponse::kCapacityExceeded);
  }
  return say(SetupResponse::kAccepted);
}

bool is_authentic(std::span<const std::byte> raw, std::uint16_t version, const ClientIdentity& identity, WallTime now) {
  if (identity.auth_mode != kAuthenticated || version < kFirstWithDerivedKeys) return true;
  return raw.size() == kActivationSize && raw[kActivationAuthOffset] == std::byte{kAuthenticated} &&
         verify(raw, kActivationAuthOffset, identity.keys.client, now) == AuthVerdict::kGood;
}

ActivationPdu agree(const ActivationPdu& request, const SetupPolicy& policy) {
  constexpr std::uint32_t kMost16 = std::numeric_limits<std::uint16_t>::max();
  const ActivationPdu defaults;
  auto agreed = request;
  keep_within(agreed.low_threshold_ms, 1, 10'000, defaults.low_threshold_ms);
  keep_within(agreed.upper_threshold_ms, 1, 10'000, defaults.upper_threshold_ms);
  if (agreed.low_threshold_ms > agreed.upper_threshold_ms) {
    agreed.low_threshold_ms = defaults.low_threshold_ms;
    agreed.upper_threshold_ms = defaults.upper_threshold_ms;
  }
  keep_within(agreed.trial_interval_ms, 5, 250, defaults.trial_interval_ms);
  keep_within(agreed.test_seconds, 5, 3600, defaults.test_seconds);
  agreed.test_seconds =
      static_cast<std::uint16_t>(std::min<std::int64_t>(agreed.test_seconds, policy.longest_test.count()));
  keep_within(agreed.sub_interval_ms, 100, 10'000, defaults.sub_interval_ms);
  if (agreed.sub_interval_ms > agreed.test_seconds * 1000) agreed.sub_interval_ms = defaults.sub_interval_ms;
  keep_within(agreed.high_speed_delta, 1, 255, defaults.high_speed_delta);
  keep_within(agreed.slow_adjust_threshold, 1, kMost16, defaults.slow_adjust_threshold);
  if (agreed.rate_index != ActivationPdu::kSearchIndex) {
    keep_within(agreed.rate_index, 0, RateTable::kRows - 1, ActivationPdu::kSearchIndex);
  }
  if (agreed.algorithm > 1) agreed.algorithm = 0;
  if (agreed.suppressed_sub_intervals >= agreed.test_seconds * 1000 / agreed.sub_interval_ms) {
    agreed.suppressed_sub_intervals = 0;
  }
  agreed.traffic_class = 0;
  agreed.ce_threshold = 0;
  agreed.random_payload = false;
  agreed.rate = {};
  return agreed;
}

}  // namespace gnomon::methods::udpst
