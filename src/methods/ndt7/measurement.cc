#include "methods/ndt7/measurement.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace gnomon::methods::ndt7 {

namespace {

namespace json = boost::json;

struct Column {
  std::string_view name;
  TcpInfo::Figure TcpInfo::*figure;
};
constexpr Column kTcp[] = {{"BusyTime", &TcpInfo::busy_time},
                           {"BytesAcked", &TcpInfo::bytes_acked},
                           {"BytesReceived", &TcpInfo::bytes_received},
                           {"BytesSent", &TcpInfo::bytes_sent},
                           {"BytesRetrans", &TcpInfo::bytes_retrans},
                           {"ElapsedTime", &TcpInfo::elapsed_time},
                           {"MinRTT", &TcpInfo::min_rtt},
                           {"RTT", &TcpInfo::rtt},
                           {"RTTVar", &TcpInfo::rtt_var},
                           {"RWndLimited", &TcpInfo::rwnd_limited},
                           {"SndBufLimited", &TcpInfo::sndbuf_limited},
                           {"DataSegsOut", &TcpInfo::segments_out},
                           {"TotalRetrans", &TcpInfo::total_retrans},
                           {"SndCwnd", &TcpInfo::send_window_segments},
                           {"SndMSS", &TcpInfo::send_mss},
                           {"NotsentBytes", &TcpInfo::unsent_bytes},
                           {"AppLimited", &TcpInfo::app_limited}};

TcpInfo::Figure number_of(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = value->if_int64(); whole != nullptr && *whole >= 0) return *whole;
  // Clients in JavaScript measure in fractions of microseconds.
  if (const auto* real = value->if_double(); real != nullptr && *real >= 0 && *real < 9e18) {
    return static_cast<std::int64_t>(*real);
  }
  return std::nullopt;
}

std::string text_of(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

const json::object* object_of(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

Measurement read_object(const json::object& from) {
  Measurement out;
  if (const auto* app = object_of(from, "AppInfo")) {
    const auto elapsed = number_of(*app, "ElapsedTime");
    const auto bytes = number_of(*app, "NumBytes");
    if (elapsed && bytes) out.app = {*elapsed, *bytes};
  }
  if (const auto* connection = object_of(from, "ConnectionInfo")) {
    out.connection = {text_of(*connection, "Client"), text_of(*connection, "Server"), text_of(*connection, "UUID"),
                      text_of(*connection, "StartTime")};
  }
  out.origin = text_of(from, "Origin");
  out.test = text_of(from, "Test");
  if (const auto* tcp = object_of(from, "TCPInfo")) {
    out.tcp.emplace();
    for (const auto& [name, figure] : kTcp) (*out.tcp).*figure = number_of(*tcp, name);
  }
  if (const auto* cpu = object_of(from, "CPUInfo")) {
    out.cpu = {number_of(*cpu, "Running").value_or(0), number_of(*cpu, "Waiting").value_or(0),
               number_of(*cpu, "Throttled").value_or(0)};
  }
  return out;
}

Nanoseconds micros(TcpInfo::Figure figure) {
  return Nanoseconds(std::min<std::int64_t>(figure.value_or(0), 1'000'000'000'000) * 1000);
}

}  // namespace

std::string to_json(const Measurement& measurement) {
  json::object out;
  if (measurement.app) {
    out["AppInfo"] = {{"ElapsedTime", measurement.app->elapsed_time}, {"NumBytes", measurement.app->num_bytes}};
  }
  if (measurement.connection) {
    json::object connection{{"Client", measurement.connection->client},
                            {"Server", measurement.connection->server},
                            {"StartTime", measurement.connection->start_time}};
    if (!measurement.connection->uuid.empty()) connection["UUID"] = measurement.connection->uuid;
    out["ConnectionInfo"] = std::move(connection);
  }
  if (!measurement.origin.empty()) out["Origin"] = measurement.origin;
  if (!measurement.test.empty()) out["Test"] = measurement.test;
  if (measurement.tcp) {
    json::object tcp;
    for (const auto& [name, figure] : kTcp) {
      if (const auto value = (*measurement.tcp).*figure) tcp[name] = *value;
    }
    out["TCPInfo"] = std::move(tcp);
  }
  if (measurement.cpu) {
    out["CPUInfo"] = {{"Running", measurement.cpu->running},
                      {"Waiting", measurement.cpu->waiting},
                      {"Throttled", measurement.cpu->throttled}};
  }
  return json::serialize(out);
}

tl::expected<Measurement, MeasurementError> decode_measurement(std::string_view text) noexcept {
  boost::system::error_code fault;
  json::stream_parser parser({}, {.max_depth = 8});
  const std::size_t read = parser.write_some(text.data(), text.size(), fault);
  if (!fault) parser.finish(fault);
  if (fault) return tl::unexpected(MeasurementError{"not JSON", std::min(read, text.size())});
  if (read < text.size()) return tl::unexpected(MeasurementError{"bytes behind the object", read});
  const json::value value = parser.release();
  if (!value.is_object()) return tl::unexpected(MeasurementError{"not an object", 0});
  return read_object(value.get_object());
}

std::optional<schema::SenderTcp> sender_tcp(const TcpInfo& tcp) {
  if (!tcp.bytes_acked) return std::nullopt;
  const auto count = [](TcpInfo::Figure figure) { return static_cast<std::uint64_t>(figure.value_or(0)); };
  schema::SenderTcp out;
  out.acked_bytes = count(tcp.bytes_acked);
  out.sent_segments = count(tcp.segments_out);
  out.retransmitted_segments = count(tcp.total_retrans);
  out.rtt = micros(tcp.rtt);
  out.min_rtt = micros(tcp.min_rtt);
  out.busy = micros(tcp.busy_time);
  out.window_limited = micros(tcp.rwnd_limited);
  out.buffer_limited = micros(tcp.sndbuf_limited);
  out.congestion_window_bytes = count(tcp.send_window_segments) * count(tcp.send_mss);
  out.unsent_bytes = count(tcp.unsent_bytes);
  out.application_limited = tcp.app_limited.value_or(0) != 0;
  return out;
}

schema::CpuUse cpu_use(const CpuInfo& cpu) {
  return {micros(cpu.running), micros(cpu.running), micros(cpu.waiting), micros(cpu.throttled)};
}

CpuInfo cpu_info(const schema::CpuUse& use) {
  const auto count = [](Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  };
  return {count(use.running), count(use.waiting), count(use.throttled)};
}

}  // namespace gnomon::methods::ndt7
