#pragma once

// One test of an access network as a plain value, and its way to and from the wire (gnomon.v1.AccessResult in
// proto/gnomon/v1/access.proto, where every field's meaning and unit stand; docs/spec/batch.md). Not thread-safe.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "core/clock.h"
#include "schema/decode_error.h"

namespace gnomon::v1 {
class Batch;
}

namespace gnomon::schema {

// Same numbers as in gnomon.v1. A number of a newer schema is kept as it came.
enum class AccessDirection : std::uint8_t { kUnspecified = 0, kDown, kUp, kBoth };
enum class AccessNetwork : std::uint8_t { kUnknown = 0, kFixed, kWifi, k5g, k4g, kOther };
enum class AccessOutcome : std::uint8_t {
  kUnspecified = 0,
  kDone,
  kCutShort,
  kRefused,
  kBlocked,
  kUnreachable,
  kTimedOut,
  kNoAddress,
  kNotRun,
};
enum class ThroughputLayer : std::uint8_t { kUnspecified = 0, kIp, kTcp, kWebSocket, kHttp };
enum class RpmConfidence : std::uint8_t { kUnspecified = 0, kLow, kMedium, kHigh };
enum class AccessLimit : std::uint8_t {
  kUnspecified = 0,
  kNetwork,
  kPolicer,
  kLoss,
  kClientCpu,
  kServerCpu,
  kReceiveWindow,
  kSendBuffer,
  kApplication,
  kRadio,
  kUnsure,
};

inline constexpr std::size_t kMaximumEvidence = 16;
inline constexpr std::size_t kMaximumAccessResults = 1'000;  // of one batch

// A figure that led to a verdict.
struct AccessEvidence {
  std::string name;  // "window_limited_ratio"
  double value = 0;  // finite
  std::string unit;  // "ns"; empty for a plain number
  friend bool operator==(const AccessEvidence&, const AccessEvidence&) = default;
};

// What is not known is nothing: nothing differs from 0.
struct AccessResult {
  WallTime start;  // whole milliseconds on the wire
  std::chrono::milliseconds duration{};
  std::string plan_item, target, target_site, address;
  std::uint32_t port = 0;
  std::uint32_t family = 0;  // 4, 6, or 0 when there was no address
  std::string method;        // "tcp", "udp", "ndt7", "responsiveness": as names of methods, [a-z0-9_], at most 32
  AccessDirection direction = AccessDirection::kUnspecified;
  std::uint32_t streams = 0;
  AccessNetwork network = AccessNetwork::kUnknown;
  std::string access;
  AccessOutcome outcome = AccessOutcome::kUnspecified;
  std::uint32_t marks = 0;  // of Mark (delay_window.h)

  std::optional<std::uint64_t> throughput, throughput_low, throughput_high;  // bit/s; low ≤ throughput ≤ high
  std::uint32_t samples = 0;
  ThroughputLayer layer = ThroughputLayer::kUnspecified;
  std::uint64_t moved_bytes = 0;
  std::optional<std::uint64_t> spared_bytes;
  std::optional<std::uint64_t> throughput_up;  // bit/s, of kBoth

  std::optional<Nanoseconds> idle_p50, idle_p95, loaded_p50, loaded_p95;  // at least 0, p50 ≤ p95
  std::optional<std::uint32_t> rpm;
  RpmConfidence rpm_confidence = RpmConfidence::kUnspecified;
  std::optional<Nanoseconds> delay_variation_mean, delay_variation_max;     // at least 0, mean ≤ max
  std::optional<std::uint32_t> rpm_foreign, rpm_loaded;                     // the two parts of `rpm`
  std::optional<double> loss_ratio, retransmission_ratio, reordered_ratio;  // 0 to 1

  AccessLimit verdict = AccessLimit::kUnspecified;
  std::optional<double> verdict_confidence;                  // 0 to 1
  std::vector<AccessEvidence> evidence;                      // at most kMaximumEvidence
  std::optional<std::uint64_t> policer_rate, policer_burst;  // bit/s, bytes
  std::optional<Nanoseconds> queue;                          // at least 0
  std::optional<double> client_cpu, server_cpu;              // seconds for 10⁹ bytes, at least 0
  std::string congestion_control, software, rate_search;

  friend bool operator==(const AccessResult&, const AccessResult&) = default;
};

// Why a result contradicts itself or its limits; empty when it does not. encode() and append() take any result, a
// reader refuses a batch with one that has a fault.
std::string_view fault_of(const AccessResult& result) noexcept;

// Bytes of a gnomon.v1.AccessResult, as Protocol Buffers would write them.
std::string encode(const AccessResult& result);
// The checked read side, straight from the wire. Fields of a newer schema are skipped; of one that stands twice the
// last counts. Allocates at most in proportion to its input. The error's offset is the byte of the field at fault, 0
// for fields that contradict one another.
tl::expected<AccessResult, DecodeError> decode_access_result(std::span<const std::byte> bytes) noexcept;

// Adds one to Batch.access.
void append(v1::Batch& batch, const AccessResult& result);

}  // namespace gnomon::schema
