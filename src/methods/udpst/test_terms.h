#pragma once

// What the two ends of one test have agreed on, as both of its ends use it. Plain values.

#include "core/clock.h"
#include "core/units.h"
#include "methods/udpst/pdu.h"
#include "methods/udpst/rate_table.h"

namespace gnomon::methods::udpst {

inline constexpr std::chrono::seconds kStoppedAfter{1};  // without a PDU of the other end: it is told (RFC 9946)
inline constexpr std::chrono::seconds kGivenUpAfter{3};  // … the test ends

struct TestTerms {
  bool is_server = false;
  Family family = Family::kIpv4;
  std::uint16_t version = kProtocolVersion;
  std::uint8_t auth_mode = 0;
  Nanoseconds trial_interval = std::chrono::milliseconds(50);
  Nanoseconds sub_interval = std::chrono::seconds(1);
  Nanoseconds duration = std::chrono::seconds(10);
};

// Why an end stopped.
enum class EndState : std::uint8_t { kRunning, kStopped, kPeerSilent, kUnproven };

}  // namespace gnomon::methods::udpst
