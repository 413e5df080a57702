#include "methods/ndt7/own_kernel.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdio>
#include <fstream>

#include "net/address.h"

namespace gnomon::methods::ndt7 {

namespace {

std::string text_of(const net::FileDescriptor& file) {
  char text[4096];
  const ssize_t size = file.valid() ? ::pread(file.get(), text, sizeof text, 0) : 0;
  return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::optional<std::int64_t> number_at(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} ? std::optional(number) : std::nullopt;
}

net::FileDescriptor open_for_reading(const std::string& path) {
  return net::FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// Of the control group that the process is in, cgroup v2 ("0::/path" in /proc/self/cgroup).
net::FileDescriptor open_cpu_stat() {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.starts_with("0::")) return open_for_reading("/sys/fs/cgroup" + line.substr(3) + "/cpu.stat");
  }
  return {};
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);
std::string endpoint_text(int socket, NameOf name_of) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (name_of(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  auto endpoint = net::Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&name), size);
  if (!endpoint) return {};
  if (std::string text = net::to_string(endpoint->address); text.starts_with("::ffff:")) {
    if (const auto plain = net::Address::parse(text.substr(7))) endpoint->address = *plain;
  }
  return net::to_string(*endpoint);
}

}  // namespace

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
  return endpoint_text(socket, ::getsockname);
}
std::string peer_endpoint(int socket) {
  return endpoint_text(socket, ::getpeername);
}

ThreadCpu::ThreadCpu()
    : schedstat_(open_for_reading("/proc/thread-self/schedstat")), cpu_stat_(open_cpu_stat()), begun_(read()) {}

std::optional<ThreadCpu::Reading> ThreadCpu::read() const {
  const std::string sched = text_of(schedstat_);
  const auto running = number_at(sched);
  const auto space = sched.find(' ');
  if (!running || space == std::string::npos) return std::nullopt;
  Reading out;
  out.running = Nanoseconds(*running);
  out.waiting = Nanoseconds(number_at(std::string_view(sched).substr(space)).value_or(0));
  const std::string group = text_of(cpu_stat_);
  static constexpr std::string_view kThrottled = "throttled_usec ";
  if (const auto at = group.find(kThrottled); at != std::string::npos) {
    out.throttled =
        std::chrono::microseconds(number_at(std::string_view(group).substr(at + kThrottled.size())).value_or(0));
  }
  return out;
}

std::optional<schema::CpuUse> ThreadCpu::use() const {
  const auto now = read();
  if (!now || !begun_) return std::nullopt;
  const Nanoseconds running = now->running - begun_->running;
  return schema::CpuUse{running, running, now->waiting - begun_->waiting, now->throttled - begun_->throttled};
}

}  // namespace gnomon::methods::ndt7
