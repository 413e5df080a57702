#include "cli/speed_record.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

namespace gnomon::cli {

namespace {

std::int64_t us(Nanoseconds time) {
  return time / std::chrono::microseconds(1);
}

std::int64_t ms(Nanoseconds time) {
  return time / std::chrono::milliseconds(1);
}

std::string tcp_columns(const schema::SenderTcp& tcp) {
  return fmt::format(" {} {} {} {} {} {} {} {} {} {} {}", tcp.acked_bytes, tcp.sent_segments,
                     tcp.retransmitted_segments, us(tcp.rtt), us(tcp.min_rtt), ms(tcp.busy), ms(tcp.window_limited),
                     ms(tcp.buffer_limited), tcp.congestion_window_bytes, tcp.unsent_bytes,
                     tcp.application_limited ? 1 : 0);
}

std::string cpu_columns(const schema::CpuUse& use) {
  return fmt::format(" {} {} {}", us(use.busiest), us(use.waiting), us(use.throttled));
}

const char* word(schema::Direction direction) {
  return direction == schema::Direction::kDown ? "down" : "up";
}

}  // namespace

std::string transfer_record(const schema::Transfer& transfer, const std::string& about) {
  std::string out = fmt::format("# {}\n", about);
  out += fmt::format("direction {}\nstreams {}\npaced {}\n", word(transfer.direction), transfer.streams,
                     transfer.paced_by_sender ? 1 : 0);
  out +=
      "columns at_us received acked segments retransmitted rtt_us min_rtt_us busy_ms window_ms buffer_ms cwnd unsent "
      "app_limited sender_run_us sender_wait_us sender_throttled_us receiver_run_us receiver_wait_us "
      "receiver_throttled_us\n";
  for (const schema::TransferSample& sample : transfer.samples) {
    out += fmt::format("{} {}", us(sample.at), sample.received_bytes) +
           tcp_columns(sample.tcp.value_or(schema::SenderTcp{})) +
           cpu_columns(sample.sender_cpu.value_or(schema::CpuUse{})) +
           cpu_columns(sample.receiver_cpu.value_or(schema::CpuUse{})) + "\n";
  }
  return out;
}

Status write_transfer_record(const std::string& file, const schema::Transfer& transfer, const std::string& about) {
  std::filesystem::path path(file);
  path.replace_filename(
      fmt::format("{}-{}{}", path.stem().string(), word(transfer.direction), path.extension().string()));
  std::ofstream out(path, std::ios::trunc);
  out << transfer_record(transfer, about);
  out.flush();
  if (out) return {};
  return errno_failure(errno, "write", path.string(), "name a file in a folder that exists and may be written to");
}

}  // namespace gnomon::cli
