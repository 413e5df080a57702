#pragma once

// What a rate counts, and how much of the IP packets that carry it that is. Pure functions, thread-safe.

#include <cstdint>
#include <string_view>

#include "core/units.h"

namespace gnomon::analysis {

enum class RateLayer : std::uint8_t {
  kIpPacket,  // UDP capacity at the IP layer
  kTcpPayload,
  kTlsPayload,        // of records of 16 kB (RFC 8446 §5.1)
  kWebSocketPayload,  // ndt7 over ws: of messages of 64 kB and more (RFC 6455 §5.2)
  kWebSocketTlsPayload,
};

std::string_view to_string(RateLayer layer);  // "tcp_payload", as in JSON

struct PathPackets {
  Family family = Family::kIpv4;
  int mtu = 1500;              // bytes of an IP packet; at least 576
  bool tcp_timestamps = true;  // RFC 7323 §3: 12 bytes of each segment
};

// Bytes of TCP's payload in a full packet.
double segment_bytes(const PathPackets& packets);

// Payload's share of the IP packets that carry it, 0 to 1.
double payload_share(RateLayer layer, const PathPackets& packets);

}  // namespace gnomon::analysis
