#include "cli/speed_all_json.h"

#include <boost/json.hpp>

namespace gnomon::cli {

namespace {

namespace json = boost::json;

template <typename T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::value ns(const std::optional<Nanoseconds>& time) {
  return time ? json::value(time->count()) : json::value(nullptr);
}

json::object text_object(const analysis::Text& text) {
  return {{"en", text.en}, {"zh", text.zh}};
}

// What the method's own command prints; it is ours, so that it can be read.
json::value detail_value(const std::string& detail) {
  json::error_code fault;
  auto value = json::parse(detail, fault);
  return fault ? json::value(nullptr) : value;
}

void add_rate(const analysis::MethodRate& rate, const analysis::ReconciledRate& row, json::object& out) {
  out["layer"] = analysis::to_string(rate.layer);
  out["streams"] = rate.streams;
  out["throughput_bps"] = rate.bps;
  out["throughput_low_bps"] = rate.high > 0 ? json::value(rate.low) : json::value(nullptr);
  out["throughput_high_bps"] = rate.high > 0 ? json::value(rate.high) : json::value(nullptr);
  out["ip_bps"] = row.ip_bps;
  out["below"] = row.below;
  out["unexplained"] = row.unexplained;
  out["cause"] = analysis::to_string(row.cause);
  out["explanation"] = text_object(row.explanation);
  out["loss_ratio"] = or_null(rate.loss_ratio);
  out["rtt_ns"] = ns(rate.rtt);
  out["verdict"] = nullptr;
  out["verdict_confidence"] = nullptr;
  if (!rate.limit) return;
  out["verdict"] = analysis::to_string(rate.limit->limit);
  out["verdict_confidence"] = rate.limit->confidence;
}

json::object run_object(const MethodRun& run, const analysis::ReconciledRate* row) {
  json::object out = {{"method", run.method},
                      {"name", run.name},
                      {"state", to_string(run.state)},
                      {"reason", run.reason.empty() ? json::value(nullptr) : json::value(run.reason)}};
  out["throughput_bps"] = out["ip_bps"] = nullptr;
  if (row != nullptr) add_rate(*run.rate, *row, out);
  out["client_cpu_s_per_gb"] = or_null(run.client_cpu_s_per_gb);
  out["server_cpu_s_per_gb"] = or_null(run.server_cpu_s_per_gb);
  out["queue_ns"] = ns(run.queue);
  if (run.method == "responsiveness") out["rpm"] = or_null(run.rpm);
  out["detail"] = run.detail.empty() ? json::value(nullptr) : detail_value(run.detail);
  return out;
}

json::object verdict_object(const analysis::AccessVerdict& verdict) {
  const bool is_known = verdict.ip_bps > 0;
  return {{"ip_bps", is_known ? json::value(verdict.ip_bps) : json::value(nullptr)},
          {"method", is_known ? json::value(verdict.method) : json::value(nullptr)},
          {"at_least", verdict.at_least},
          {"methods_measured", verdict.measured},
          {"methods_agreeing", verdict.agreeing},
          {"verdict", analysis::to_string(verdict.limit)},
          {"verdict_confidence", verdict.confidence},
          {"verdict_text", text_object(verdict.sentence)}};
}

json::object direction_object(const AccessDirection& direction) {
  json::array methods;
  std::size_t rate = 0;
  for (const MethodRun& run : direction.runs) {
    methods.push_back(run_object(run, run.rate ? &direction.rates[rate++] : nullptr));
  }
  return {{"packet_bytes", direction.packets.mtu},
          {"methods", std::move(methods)},
          {"access", verdict_object(direction.verdict)}};
}

}  // namespace

std::string speed_all_json(const SpeedAllRequest& request, const SpeedAllResult& result) {
  const auto& options = request.speed.options;
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  json::object out = {{"target", request.speed.target},
                      {"server", net::to_string(options.server)},
                      {"family", static_cast<int>(options.server.address.family())},
                      {"method", "all"},
                      {"server_program", text_or_null(result.server_program)},
                      {"one_turn", result.one_turn},
                      {"one_turn_reason", text_or_null(result.turn_reason)},
                      {"waited_ns", result.waited.count()},
                      {"stopped", result.stopped}};
  out["download"] = out["upload"] = nullptr;
  for (const AccessDirection& direction : result.directions) {
    out[direction.direction == schema::Direction::kDown ? "download" : "upload"] = direction_object(direction);
  }
  return json::serialize(out);
}

}  // namespace gnomon::cli
