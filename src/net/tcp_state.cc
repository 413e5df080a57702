#include "net/tcp_state.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

namespace gnomon::net {

namespace {

using std::chrono::microseconds;

// What the kernel says for "not measured".
constexpr std::uint32_t kNotMeasured = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kLongestName = 16;  // TCP_CA_NAME_MAX

Nanoseconds from_us(std::uint64_t us) {
  return microseconds(static_cast<std::int64_t>(us));
}

std::string usable_names() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_allowed_congestion_control");
  std::string names;
  std::getline(file, names);
  return names;
}

}  // namespace

Result<TcpState> tcp_state(int socket) {
  tcp_info from{};
  socklen_t size = sizeof from;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &from, &size) != 0) {
    return errno_failure(errno, "ask for the state of", "a TCP connection");
  }
  TcpState state;
  state.rtt = from_us(from.tcpi_rtt);
  state.rtt_variation = from_us(from.tcpi_rttvar);
  if (from.tcpi_min_rtt != kNotMeasured) state.min_rtt = from_us(from.tcpi_min_rtt);
  state.acked_bytes = from.tcpi_bytes_acked;
  state.received_bytes = from.tcpi_bytes_received;
  state.sent_segments = from.tcpi_data_segs_out;
  state.retransmitted_segments = from.tcpi_total_retrans;
  state.congestion_window_bytes = std::uint64_t{from.tcpi_snd_cwnd} * from.tcpi_snd_mss;
  state.unsent_bytes = from.tcpi_notsent_bytes;
  state.delivery_rate_bps = 8 * from.tcpi_delivery_rate;
  state.application_limited = from.tcpi_delivery_rate_app_limited != 0;
  state.busy = from_us(from.tcpi_busy_time);
  state.window_limited = from_us(from.tcpi_rwnd_limited);
  state.buffer_limited = from_us(from.tcpi_sndbuf_limited);
  state.mss = from.tcpi_snd_mss;
  state.path_mtu = from.tcpi_pmtu;
  state.backoff = from.tcpi_backoff;
  state.receive_window = from.tcpi_snd_wnd;
  state.has_timestamps = (from.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  state.has_ecn = (from.tcpi_options & TCPI_OPT_ECN) != 0;
  return state;
}

std::string congestion_control(int socket) {
  std::array<char, kLongestName + 1> name{};
  socklen_t size = kLongestName;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) != 0) return {};
  return name.data();
}

Status set_congestion_control(int socket, const std::string& name) {
  const auto size = static_cast<socklen_t>(name.size());
  if (::setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), size) == 0) return {};
  if (errno == ENOENT || errno == EPERM || errno == EINVAL) {
    const std::string usable = usable_names();
    return failure(ErrorCode::kNotFound, "use congestion control", name,
                   "the kernel does not have it, or not for this user",
                   usable.empty() ? "load its module" : "usable here: " + usable);
  }
  return errno_failure(errno, "use congestion control", name);
}

}  // namespace gnomon::net
