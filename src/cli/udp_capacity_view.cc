#include "cli/udp_capacity_view.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "analysis/figure_text.h"

namespace gnomon::cli {
namespace {

using methods::udpst::Direction;
using methods::udpst::Outcome;
using methods::udpst::SubInterval;
using methods::udpst::UdpCapacity;

std::string rate_of(BitRate rate) {
  return analysis::rate_text(static_cast<double>(rate.value));
}

std::string json_string(const std::string& text) {
  return boost::json::serialize(boost::json::value(text));
}

double milliseconds(Nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCompleted:
      return "completed";
    case Outcome::kNoAnswer:
      return "no_answer";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kInterrupted:
      return "interrupted";
    case Outcome::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string what_happened(const UdpCapacity& result, const std::string& host) {
  switch (result.outcome) {
    case Outcome::kCompleted:
      return {};
    case Outcome::kNoAnswer:
      return fmt::format(
          "{} does not answer on UDP port {}; is a server running there, and does a firewall let it pass?", host,
          result.server.port.value);
    case Outcome::kRefused:
      return fmt::format("{} refuses the test: {}", host, result.refusal);
    case Outcome::kInterrupted:
      return fmt::format(
          "{} fell silent during the test; does it still run, and do packets of 1250 bytes (--mtu-1500: 1500) pass the "
          "way there (else: an MTU black hole)?",
          host);
    case Outcome::kCancelled:
      return "stopped before its end";
  }
  return {};
}

std::string sub_interval_json(const SubInterval& one) {
  auto out = fmt::format(
      R"({{"end_ms":{:.3f},"length_ms":{:.3f},"datagrams":{},"ip_bytes":{},"ip_rate_bps":{},"lost":{},"reordered":{},)"
      R"("duplicated":{},"loss_ratio":{:.9f},)",
      milliseconds(one.end), milliseconds(one.length), one.datagrams, one.ip_bytes.value, one.ip_rate.value, one.lost,
      one.reordered, one.duplicated, one.loss_ratio.value);
  if (const auto& delay = one.one_way_delay_variation) {
    out += fmt::format(R"("one_way_delay_variation_ms":{{"min":{:.3f},"mean":{:.3f},"max":{:.3f}}},)",
                       milliseconds(delay->min), milliseconds(delay->mean), milliseconds(delay->max));
  } else {
    out += R"("one_way_delay_variation_ms":null,)";
  }
  if (const auto& rtt = one.rtt_variation) {
    return out + fmt::format(R"("rtt_variation_ms":{{"min":{:.3f},"max":{:.3f}}}}})", milliseconds(rtt->min),
                             milliseconds(rtt->max));
  }
  return out + R"("rtt_variation_ms":null})";
}

}  // namespace

std::string sub_interval_line(const SubInterval& one, bool utf8) {
  auto line = fmt::format("{:>5.1f} s  {:>15}  loss {:.3f} %", milliseconds(one.end) / 1000, rate_of(one.ip_rate),
                          100 * one.loss_ratio.value);
  if (one.reordered > 0) line += fmt::format("  {} reordered", one.reordered);
  if (one.duplicated > 0) line += fmt::format("  {} duplicated", one.duplicated);
  if (const auto& delay = one.one_way_delay_variation) {
    line += fmt::format("  delay +{:.1f}/{:.1f}/{:.1f} ms", milliseconds(delay->min), milliseconds(delay->mean),
                        milliseconds(delay->max));
  }
  if (const auto& rtt = one.rtt_variation) {
    line += fmt::format("  rtt +{:.1f}{}{:.1f} ms", milliseconds(rtt->min), utf8 ? "–" : "-", milliseconds(rtt->max));
  }
  return line;
}

std::vector<std::string> udp_capacity_lines(const UdpCapacity& result, const std::string& host, bool utf8) {
  std::vector<std::string> lines;
  if (const auto happened = what_happened(result, host); !happened.empty()) lines.push_back(happened);
  if (!result.maximum) {
    if (result.outcome == Outcome::kCompleted) lines.emplace_back("no load arrived for a whole sub-interval");
    return lines;
  }
  const bool is_up = result.direction == Direction::kUp;
  lines.push_back(fmt::format("{} {}: at least {} (IP packets, highest of {} sub-intervals; RFC 9097)",
                              is_up ? "up to" : "down from", host, rate_of(*result.capacity()),
                              result.sub_intervals.size()));
  if (result.is_burst()) {
    lines.push_back(
        fmt::format("three sub-intervals in a row carried {} at most: the highest was a burst, or the rate varies",
                    rate_of(*result.sustained)));
  }
  lines.push_back("in it  " + sub_interval_line(result.sub_intervals[result.maximum->sub_interval], utf8));
  if (result.rtt_minimum) lines.push_back(fmt::format("least round trip {:.1f} ms", milliseconds(*result.rtt_minimum)));
  if (result.sender && !result.sender->held_rate()) {
    lines.push_back(
        fmt::format("this machine was too busy to send all: {} datagrams sent, {} left out; the path may carry more",
                    result.sender->sent, result.sender->skipped));
  }
  return lines;
}

std::string udp_capacity_json(const UdpCapacity& result, const std::string& host) {
  auto out = fmt::format(
      R"({{"server":{},"address":{},"port":{},"direction":"{}","outcome":"{}","refusal":{},"protocol_version":{},)"
      R"("authenticated":{},"layer":"ip","capacity_bps":{},"maximum_sub_interval":{},"sustained_bps":{},"rtt_min_ms":{},)",
      json_string(host), json_string(net::to_string(result.server.address)), result.server.port.value,
      result.direction == Direction::kUp ? "up" : "down", word(result.outcome),
      result.refusal.empty() ? "null" : json_string(result.refusal), result.protocol_version, result.authenticated,
      result.capacity() ? std::to_string(result.capacity()->value) : "null",
      result.maximum ? std::to_string(result.maximum->sub_interval) : "null",
      result.sustained ? std::to_string(result.sustained->value) : "null",
      result.rtt_minimum ? fmt::format("{:.3f}", milliseconds(*result.rtt_minimum)) : "null");
  if (const auto& sender = result.sender) {
    out += fmt::format(R"("sender":{{"sent":{},"skipped":{},"refused":{},"held_rate":{}}},)", sender->sent,
                       sender->skipped, sender->refused, sender->held_rate());
  } else {
    out += R"("sender":null,)";
  }
  out += R"("sub_intervals":[)";
  for (std::size_t i = 0; i < result.sub_intervals.size(); ++i) {
    out += (i == 0 ? "" : ",") + sub_interval_json(result.sub_intervals[i]);
  }
  return out + "]}";
}

}  // namespace gnomon::cli
