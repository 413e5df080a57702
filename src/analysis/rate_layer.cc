#include "analysis/rate_layer.h"

#include <algorithm>

namespace gnomon::analysis {

namespace {

constexpr double kTcpHeader = 20;            // RFC 9293 §3.1
constexpr double kTimestamps = 12;           // RFC 7323 §3.2, with two bytes of padding
constexpr double kTlsRecord = 16'384;        // RFC 8446 §5.1
constexpr double kTlsOverhead = 5 + 1 + 16;  // header, content type, tag of AEAD (RFC 8446 §5.2)
constexpr double kWebSocketHeader = 10;  // RFC 6455 §5.2, from 64 kB on; a client's 4 bytes of mask are below notice
constexpr double kWebSocketMessage = 65'536;

double ip_header(Family family) {
  return family == Family::kIpv4 ? 20 : 40;
}  // RFC 791 §3.1, RFC 8200 §3

double share_within_tcp(RateLayer layer) {
  const double tls = kTlsRecord / (kTlsRecord + kTlsOverhead);
  const double web_socket = kWebSocketMessage / (kWebSocketMessage + kWebSocketHeader);
  switch (layer) {
    case RateLayer::kIpPacket:
    case RateLayer::kTcpPayload:
      return 1;
    case RateLayer::kTlsPayload:
      return tls;
    case RateLayer::kWebSocketPayload:
      return web_socket;
    case RateLayer::kWebSocketTlsPayload:
      return tls * web_socket;
  }
  return 1;
}

}  // namespace

std::string_view to_string(RateLayer layer) {
  switch (layer) {
    case RateLayer::kIpPacket:
      return "ip_packet";
    case RateLayer::kTcpPayload:
      return "tcp_payload";
    case RateLayer::kTlsPayload:
      return "tls_payload";
    case RateLayer::kWebSocketPayload:
      return "websocket_payload";
    case RateLayer::kWebSocketTlsPayload:
      return "websocket_tls_payload";
  }
  return "";
}

double segment_bytes(const PathPackets& packets) {
  return std::max(576, packets.mtu) - ip_header(packets.family) - kTcpHeader -
         (packets.tcp_timestamps ? kTimestamps : 0);
}

double payload_share(RateLayer layer, const PathPackets& packets) {
  if (layer == RateLayer::kIpPacket) return 1;
  return segment_bytes(packets) / std::max(576, packets.mtu) * share_within_tcp(layer);
}

}  // namespace gnomon::analysis
