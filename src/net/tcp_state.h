#pragma once

// What the kernel knows of a TCP connection (TCP_INFO, linux/tcp.h), and the congestion control that it uses.
// Blocks never; any thread that has the descriptor.

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::net {

struct TcpState {
  Nanoseconds rtt{};                          // smoothed; 0 before the first measurement
  Nanoseconds rtt_variation{};                // RFC 6298
  std::optional<Nanoseconds> min_rtt;         // unknown before the first measurement
  std::uint64_t acked_bytes = 0;              // RFC 4898 tcpEStatsAppHCThruOctetsAcked
  std::uint64_t received_bytes = 0;           // RFC 4898 tcpEStatsAppHCThruOctetsReceived
  std::uint64_t sent_segments = 0;            // with data, retransmitted ones too
  std::uint64_t retransmitted_segments = 0;   // ever
  std::uint64_t congestion_window_bytes = 0;  // segments of it times MSS
  std::uint64_t unsent_bytes = 0;             // written and not yet sent
  std::uint64_t delivery_rate_bps = 0;        // bit/s, the last sample
  bool application_limited = false;           // that sample was
  // Time with data to send; of it with the receiver's window full, and with too little in the send buffer.
  Nanoseconds busy{}, window_limited{}, buffer_limited{};
  std::uint32_t mss = 0;             // bytes, sending
  std::uint32_t path_mtu = 0;        // bytes
  std::uint32_t backoff = 0;         // time-outs in a row
  std::uint64_t receive_window = 0;  // bytes, as last announced by the peer
  bool has_timestamps = false;       // RFC 7323
  bool has_ecn = false;              // RFC 3168, negotiated
};

Result<TcpState> tcp_state(int socket);

// "cubic", "bbr"; empty when the kernel does not tell.
std::string congestion_control(int socket);
// kNotFound: no such algorithm here, or not for this user; the advice names those that may be used.
Status set_congestion_control(int socket, const std::string& name);

}  // namespace gnomon::net
