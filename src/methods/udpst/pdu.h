#pragma once

// The protocol data units of the UDP Speed Test Protocol (RFC 9946) as plain values, with the names of the standard.
// Encoding and decoding: udpst_codec.h. Times and delays inside PDUs are what the protocol says: milliseconds unless
// named otherwise.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

#include "core/units.h"

namespace gnomon::methods::udpst {

inline constexpr Port kControlPort{24601};              // RFC 9946, IANA "udpstp"
inline constexpr std::uint16_t kProtocolVersion = 20;   // RFC 9946
inline constexpr std::uint16_t kOldestVersion = 11;     // udpst 7.5 to 8.2: shorter activation and padded status PDUs
inline constexpr std::uint32_t kNoDelay = 0xffff'ffff;  // "no delay value" in status PDUs
inline constexpr std::uint8_t kMostConnections = 24;    // of one test (mcCount)

enum class PduId : std::uint16_t {
  kSetup = 0xace1,
  kActivation = 0xace2,
  kNull = 0xdead,
  kLoad = 0xbeef,
  kStatus = 0xfeed,
};

// What every authenticated PDU ends with. Mode 0: none; mode 1: HMAC-SHA-256 over control PDUs.
struct Authentication {
  std::uint8_t mode = 0;
  std::uint32_t unix_time = 0;  // seconds
  std::array<std::byte, 32> digest{};
  std::uint8_t key_id = 0;
  friend bool operator==(const Authentication&, const Authentication&) = default;
};

enum class SetupCommand : std::uint8_t { kRequest = 1, kResponse = 2 };

enum class SetupResponse : std::uint8_t {
  kNone = 0,
  kAccepted = 1,
  kBadVersion = 2,
  kBadJumbo = 3,
  kAuthNotConfigured = 4,
  kAuthRequired = 5,
  kAuthInvalid = 6,
  kAuthFailure = 7,
  kAuthTime = 8,
  kNoMaxBandwidth = 9,
  kCapacityExceeded = 10,
  kBadMtu = 11,
  kBadConnectionCount = 12,
  kNoConnection = 13,
};

struct SetupPdu {
  static constexpr std::uint16_t kUpstreamBit = 0x8000;  // in max_bandwidth
  std::uint16_t version = kProtocolVersion;
  std::uint8_t connection_index = 0, connection_count = 1;
  std::uint16_t connection_ident = 0;
  SetupCommand command = SetupCommand::kRequest;
  SetupResponse response = SetupResponse::kNone;  // codes above 13 decode as they are
  std::uint16_t max_bandwidth = 0;                // Mbit/s, with kUpstreamBit
  Port test_port{};
  bool jumbo = false;            // datagrams up to 9000 bytes above 1 Gbit/s
  bool traditional_mtu = false;  // packets of 1500 bytes instead of 1250
  Authentication auth;
  friend bool operator==(const SetupPdu&, const SetupPdu&) = default;
};

// Sent by the server from the test port, so that firewalls on the way open.
struct NullPdu {
  std::uint16_t version = kProtocolVersion;
  Authentication auth;
  friend bool operator==(const NullPdu&, const NullPdu&) = default;
};

// One row of the sending rate table: two transmitters that each send a burst per interval. Payloads are UDP payloads
// for IPv4; with IPv6 each is 20 bytes less, so that the packets have the same size (RFC 9946).
struct SendingRate {
  static constexpr std::uint32_t kRandomSize = 0x8000'0000;  // in a payload: the rest is the maximum of a random size
  std::uint32_t interval1_us = 0, payload1 = 0, burst1 = 0;
  std::uint32_t interval2_us = 0, payload2 = 0, burst2 = 0;
  std::uint32_t addon2 = 0;  // one more datagram of this payload with each burst of transmitter 2
  friend bool operator==(const SendingRate&, const SendingRate&) = default;
};

enum class ActivationCommand : std::uint8_t { kUpstream = 1, kDownstream = 2 };
enum class ActivationResponse : std::uint8_t { kNone = 0, kAccepted = 1, kBadParameter = 2 };

struct ActivationPdu {
  static constexpr std::uint16_t kSearchIndex = 0xffff;  // rate_index: search from the lowest rate
  std::uint16_t version = kProtocolVersion;
  ActivationCommand command = ActivationCommand::kDownstream;
  ActivationResponse response = ActivationResponse::kNone;
  std::uint16_t low_threshold_ms = 30, upper_threshold_ms = 90;
  std::uint16_t trial_interval_ms = 50;  // between status PDUs
  std::uint16_t test_seconds = 10;
  std::uint8_t traffic_class = 0;  // DSCP and ECN of load packets
  std::uint16_t rate_index = kSearchIndex;
  bool use_one_way_delay = false;
  std::uint8_t high_speed_delta = 10;
  std::uint16_t slow_adjust_threshold = 3;
  std::uint16_t sequence_error_threshold = 10;
  bool ignore_reordering = true;
  bool index_is_start = false;
  bool random_payload = false;
  std::uint8_t algorithm = 0;     // 0: B, 1: C
  std::uint8_t ce_threshold = 0;  // ECN; 0: not used
  SendingRate rate;               // first rate of an upstream test, in the response
  std::uint16_t sub_interval_ms = 1000;
  std::uint16_t suppressed_sub_intervals = 0;
  Authentication auth;
  friend bool operator==(const ActivationPdu&, const ActivationPdu&) = default;
};

enum class TestAction : std::uint8_t { kTest = 0, kStopLocal = 1, kStop = 2 };

// A time of CLOCK_REALTIME as two fields.
struct PduTime {
  std::uint32_t seconds = 0, nanoseconds = 0;
  friend auto operator<=>(const PduTime&, const PduTime&) = default;
};

struct LoadPdu {
  TestAction action = TestAction::kTest;
  bool receive_stopped = false;
  std::uint32_t sequence = 0;
  std::uint16_t payload = 0;            // bytes of this datagram
  std::uint16_t status_errors = 0;      // status PDUs lost before the last one
  PduTime status_time;                  // send time in the last status PDU received
  PduTime time;                         // send time of this one
  std::uint16_t response_delay_ms = 0;  // from the receipt of that status PDU to this send
  friend bool operator==(const LoadPdu&, const LoadPdu&) = default;
};

struct SubIntervalStatistics {
  std::uint32_t datagrams = 0;
  std::uint64_t bytes = 0;  // UDP payload
  std::uint32_t length_us = 0;
  std::uint32_t lost = 0, reordered = 0, duplicated = 0;
  std::uint32_t delay_min = kNoDelay, delay_max = 0, delay_sum = 0, delay_count = 0;  // one-way delay variation
  std::uint32_t rtt_min = kNoDelay, rtt_max = 0;                                      // RTT variation
  std::uint32_t accumulated_ms = 0;
  friend bool operator==(const SubIntervalStatistics&, const SubIntervalStatistics&) = default;
};

struct StatusPdu {
  TestAction action = TestAction::kTest;
  bool receive_stopped = false;
  std::uint32_t sequence = 0;
  SendingRate rate;  // from the server: what the client shall send
  std::uint32_t sub_interval_sequence = 0;
  SubIntervalStatistics saved;  // the last whole sub-interval
  // Of the trial interval that this PDU ends:
  std::uint32_t lost = 0, reordered = 0, duplicated = 0;
  std::int32_t clock_delta_min = 0;  // receive minus send time by two clocks
  std::uint32_t delay_min = kNoDelay, delay_max = 0, delay_sum = 0, delay_count = 0;
  std::uint32_t rtt_min = kNoDelay;     // of the whole test
  std::uint32_t rtt_sample = kNoDelay;  // last RTT variation
  bool minimum_updated = false;
  std::uint32_t trial_us = 0, trial_datagrams = 0, trial_bytes = 0;
  PduTime time;
  std::uint8_t auth_mode = 0;  // copied from the set-up; status PDUs are not authenticated
  friend bool operator==(const StatusPdu&, const StatusPdu&) = default;
};

}  // namespace gnomon::methods::udpst
