#include "cli/ping_json.h"

#include <fmt/format.h>

#include "schema/json.h"

namespace gnomon::cli {
namespace {

// RFC 8259 §7. Bytes above 0x7f pass: arguments are UTF-8 here, and names that are not resolve to nothing anyway.
std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string quantiles(std::string_view name, const DelaySketch& sketch) {
  std::string out;
  for (const auto& [suffix, q] : {std::pair{"p50", 0.5}, std::pair{"p95", 0.95}, std::pair{"p99", 0.99}}) {
    const auto value = sketch.quantile(q);
    out += fmt::format("\"{}_{}\":{},", name, suffix, value ? std::to_string(value->count()) : "null");
  }
  return out;
}

}  // namespace

std::string ping_json(const PingSubject& subject, const methods::DelaySpec& spec,
                      const std::optional<schema::DelayWindow>& window) {
  schema::DelayWindow row = window.value_or(schema::DelayWindow{});
  if (!window) row.outcome = schema::Outcome::kNotSent;
  std::string out = "{";
  out += fmt::format("\"target\":{},\"address\":{},\"method\":{},\"family\":{},", json_string(subject.name),
                     json_string(net::to_string(subject.endpoint.address)), json_string(spec.method),
                     static_cast<int>(subject.endpoint.address.family()));
  if (subject.endpoint.port.value != 0) out += fmt::format("\"port\":{},", subject.endpoint.port.value);
  out += fmt::format("\"interval_ms\":{},\"payload_bytes\":{},\"dscp\":{},",
                     static_cast<double>(spec.interval.count()) / 1e6, spec.payload_bytes, spec.dscp.value);
  out += quantiles("rtt", row.rtt) + quantiles("forward", row.forward) + quantiles("backward", row.backward) +
         quantiles("ipdv", row.ipdv);
  return out + schema::to_json(row).substr(1);  // the row's own opening brace is ours already
}

}  // namespace gnomon::cli
