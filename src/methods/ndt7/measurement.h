#pragma once

// ndt7's measurement messages (spec, "Measurement message"): JSON texts that both ends may send. Names and units are
// the protocol's: times in microseconds, sizes in bytes. Plain values; pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "schema/transfer.h"

namespace gnomon::methods::ndt7 {

struct AppInfo {
  std::int64_t elapsed_time = 0;  // µs since the test began
  std::int64_t num_bytes = 0;     // of binary messages' payload, sent or received
  friend bool operator==(const AppInfo&, const AppInfo&) = default;
};

struct ConnectionInfo {
  std::string client, server, uuid, start_time;
  friend bool operator==(const ConnectionInfo&, const ConnectionInfo&) = default;
};

// What the kernel of the end that measures says of the connection (TCP_INFO). Those above the line are ndt7's; those
// below have the names that M-Lab's server gives them, and the specification allows more than it names.
struct TcpInfo {
  using Figure = std::optional<std::int64_t>;
  Figure elapsed_time, busy_time, bytes_acked, bytes_received, bytes_sent, bytes_retrans, min_rtt, rtt, rtt_var,
      rwnd_limited, sndbuf_limited;
  Figure segments_out, total_retrans, send_window_segments, send_mss, unsent_bytes, app_limited;
  friend bool operator==(const TcpInfo&, const TcpInfo&) = default;
};

// Ours: what the thread of the end that measures got of its processor, µs since the test began.
struct CpuInfo {
  std::int64_t running = 0, waiting = 0, throttled = 0;
  friend bool operator==(const CpuInfo&, const CpuInfo&) = default;
};

struct Measurement {
  std::optional<AppInfo> app;
  std::optional<ConnectionInfo> connection;
  std::string origin, test;  // "server", "download"; empty: not said
  std::optional<TcpInfo> tcp;
  std::optional<CpuInfo> cpu;
  friend bool operator==(const Measurement&, const Measurement&) = default;
};

std::string to_json(const Measurement& measurement);

struct MeasurementError {
  const char* reason;  // static text
  std::size_t offset;  // into the text
};
// Takes any JSON object; of what it does not know, or what has another type or a negative number, nothing is kept.
tl::expected<Measurement, MeasurementError> decode_measurement(std::string_view text) noexcept;

std::optional<schema::SenderTcp> sender_tcp(const TcpInfo& tcp);
schema::CpuUse cpu_use(const CpuInfo& cpu);
CpuInfo cpu_info(const schema::CpuUse& use);

}  // namespace gnomon::methods::ndt7
