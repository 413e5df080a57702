#include "methods/ndt7/own_kernel.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/socket_name.h"

namespace gnomon::methods::ndt7 {

std::optional<TcpInfo> tcp_info(int socket, Nanoseconds elapsed) {
  struct ::tcp_info kernel {};
  socklen_t size = sizeof kernel;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &kernel, &size) != 0) return std::nullopt;
  TcpInfo out;
  out.elapsed_time = std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
  // An older kernel fills less of the structure.
  const auto take = [&](TcpInfo::Figure& to, const auto& from) {
    const auto end = reinterpret_cast<const char*>(&from + 1) - reinterpret_cast<const char*>(&kernel);
    if (end <= static_cast<std::ptrdiff_t>(size)) to = static_cast<std::int64_t>(from);
  };
  take(out.busy_time, kernel.tcpi_busy_time);
  take(out.bytes_acked, kernel.tcpi_bytes_acked);
  take(out.bytes_received, kernel.tcpi_bytes_received);
  take(out.bytes_sent, kernel.tcpi_bytes_sent);
  take(out.bytes_retrans, kernel.tcpi_bytes_retrans);
  take(out.min_rtt, kernel.tcpi_min_rtt);
  take(out.rtt, kernel.tcpi_rtt);
  take(out.rtt_var, kernel.tcpi_rttvar);
  take(out.rwnd_limited, kernel.tcpi_rwnd_limited);
  take(out.sndbuf_limited, kernel.tcpi_sndbuf_limited);
  take(out.segments_out, kernel.tcpi_data_segs_out);
  take(out.total_retrans, kernel.tcpi_total_retrans);
  take(out.send_window_segments, kernel.tcpi_snd_cwnd);
  take(out.send_mss, kernel.tcpi_snd_mss);
  take(out.unsent_bytes, kernel.tcpi_notsent_bytes);
  out.app_limited = static_cast<std::int64_t>(kernel.tcpi_delivery_rate_app_limited);
  return out;
}

std::string own_endpoint(int socket) {
  const auto endpoint = net::local_endpoint(socket);
  return endpoint ? net::to_string(*endpoint) : "";
}
std::string peer_endpoint(int socket) {
  const auto endpoint = net::remote_endpoint(socket);
  return endpoint ? net::to_string(*endpoint) : "";
}

ThreadCpu::ThreadCpu()
    : thread_(net::ThreadUse::of_caller()),
      begun_(thread_.read()),
      throttled_before_(quota_.throttled().value_or(Nanoseconds{})) {}

std::optional<schema::CpuUse> ThreadCpu::use() const {
  const auto now = thread_.read();
  if (!now || !begun_) return std::nullopt;
  const Nanoseconds running = now->running - begun_->running;
  const Nanoseconds throttled = quota_.throttled().value_or(throttled_before_) - throttled_before_;
  return schema::CpuUse{running, running, now->waiting - begun_->waiting, throttled};
}

}  // namespace gnomon::methods::ndt7
