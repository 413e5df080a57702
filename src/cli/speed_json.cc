#include "cli/speed_json.h"

#include <boost/json.hpp>

#include "analysis/transfer_ends.h"

namespace gnomon::cli {

namespace {

namespace json = boost::json;
namespace capacity = methods::capacity;

json::value ns(std::optional<Nanoseconds> time) {
  return time ? json::value(time->count()) : json::value(nullptr);
}

std::string_view word_of(capacity::Ending ending) {
  switch (ending) {
    case capacity::Ending::kWhole:
      return "whole";
    case capacity::Ending::kCancelled:
      return "cancelled";
    case capacity::Ending::kPeerGone:
      return "peer_gone";
    case capacity::Ending::kNothing:
      return "nothing";
  }
  return "";
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object tcp_object(const schema::SenderTcp& tcp) {
  return {{"acked_bytes", tcp.acked_bytes},
          {"sent_segments", tcp.sent_segments},
          {"retransmitted_segments", tcp.retransmitted_segments},
          {"rtt_ns", tcp.rtt.count()},
          {"min_rtt_ns", tcp.min_rtt.count()},
          {"busy_ns", tcp.busy.count()},
          {"window_limited_ns", tcp.window_limited.count()},
          {"buffer_limited_ns", tcp.buffer_limited.count()}};
}

json::array evidence_array(const std::vector<analysis::Evidence>& evidence) {
  json::array out;
  for (const analysis::Evidence& seen : evidence) {
    out.push_back(json::object{{"name", seen.name},
                               {"what", seen.what.en},
                               {"value", seen.value},
                               {"unit", seen.unit},
                               {"threshold", seen.threshold}});
  }
  return out;
}

void add_verdict(const analysis::TransferLimit& limit, json::object& out) {
  out["verdict"] = analysis::to_string(limit.limit);
  out["verdict_confidence"] = limit.confidence;
  out["verdict_text"] = {{"en", limit.sentence.en}, {"zh", limit.sentence.zh}};
  out["evidence"] = evidence_array(limit.evidence);
  out["queue_ns"] = ns(limit.queue_delay);
  out["policer"] = nullptr;
  if (!limit.policer) return;
  out["policer"] = {{"rate_bps", limit.policer->bps}, {"burst_bytes", limit.policer->burst_bytes}};
}

json::object direction_object(const SpeedFigures& figures) {
  const capacity::TcpCapacity& result = figures.capacity;
  const auto& samples = result.transfer.samples;
  json::object out;
  out["ending"] = word_of(result.ending);
  out["reason"] = result.reason;
  const auto& throughput = figures.throughput;
  out["throughput_bps"] = throughput ? throughput->bps : figures.mean_bps;
  out["throughput_low_bps"] = throughput ? json::value(throughput->low) : json::value(nullptr);
  out["throughput_high_bps"] = throughput ? json::value(throughput->high) : json::value(nullptr);
  out["mean_bps"] = figures.mean_bps;
  out["bytes"] = figures.bytes;
  out["spared_bytes"] = figures.spared.value;
  out["duration_ns"] = samples.empty() ? 0 : samples.back().at.count();
  out["ramp_up_ns"] = ns(throughput ? std::optional(throughput->from) : std::nullopt);
  out["samples"] = samples.size();
  out["waited_ns"] = result.waited.count();
  out["idle_rtt_ns"] = ns(result.idle_rtt);
  out["loaded_p50_ns"] = ns(figures.loaded_p50);
  out["loaded_p95_ns"] = ns(figures.loaded_p95);
  add_verdict(figures.limit, out);
  out["congestion_control"] = result.congestion_control;
  out["mss_bytes"] = result.mss;
  out["counts_disagree"] = result.counts_disagree;
  out["tcp"] = nullptr;
  const analysis::TransferEnds ends = analysis::transfer_ends(result.transfer);
  out["client_cpu_s_per_gb"] = number_or_null(ends.client_cpu);
  out["server_cpu_s_per_gb"] = number_or_null(ends.server_cpu);
  if (samples.empty()) return out;
  const auto& last = samples.back();
  if (last.tcp) out["tcp"] = tcp_object(*last.tcp);
  return out;
}

}  // namespace

std::string speed_json(const SpeedRequest& request, const std::optional<SpeedFigures>& download,
                       const std::optional<SpeedFigures>& upload) {
  const auto& options = request.options;
  json::object out = {{"target", request.target},
                      {"server", net::to_string(options.server)},
                      {"family", static_cast<int>(options.server.address.family())},
                      {"method", "tcp"},
                      {"streams", options.streams}};
  const auto& any = download ? download : upload;
  out["server_program"] = any ? json::value(any->capacity.server_program) : json::value(nullptr);
  out["download"] = download ? json::value(direction_object(*download)) : json::value(nullptr);
  out["upload"] = upload ? json::value(direction_object(*upload)) : json::value(nullptr);
  return json::serialize(out);
}

}  // namespace gnomon::cli
