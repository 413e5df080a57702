#include "cli/lab_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

namespace gnomon::cli {

namespace {

namespace json = boost::json;

using Row = std::vector<std::string>;

// Code points, which is the width of all that stands in these tables.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first row is the heading. `right` holds a '>' for each column that is set flush right.
std::string table(const std::vector<Row>& rows, std::string_view alignment) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - width(row[i]), ' ');
      const bool right = i < alignment.size() && alignment[i] == '>';
      line += "  " + (right ? gap + row[i] : row[i] + gap);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

double number(const json::value& value) {
  return value.is_null() ? 0 : value.to_number<double>();
}
std::string text(const json::value& value) {
  return std::string(value.as_string());
}

std::string time(double us) {
  if (us == 0) return "0";
  return us < 1000 ? fmt::format("{:.4g} us", us) : fmt::format("{:.5g} ms", us / 1000);
}

std::string ratio(double value) {
  return value >= 1e-4 ? fmt::format("{:.3g}%", value * 100) : fmt::format("{:.3g} ppm", value * 1e6);
}

std::string rate(double bits) {
  if (bits == 0) return "";
  if (bits >= 1e9) return fmt::format("{:g} Gbit/s", bits / 1e9);
  if (bits >= 1e6) return fmt::format("{:g} Mbit/s", bits / 1e6);
  return fmt::format("{:g} kbit/s", bits / 1e3);
}

std::string settings(const json::object& s) {
  std::string line = time(number(s.at("delay_us")));
  if (const double jitter = number(s.at("jitter_us")); jitter > 0) line += " ± " + time(jitter);
  for (const auto& [key, name] : {std::pair("loss_ratio", "loss"), std::pair("ipv4_loss_ratio", "IPv4 loss"),
                                  std::pair("ipv6_loss_ratio", "IPv6 loss"), std::pair("reorder_ratio", "reorder"),
                                  std::pair("duplicate_ratio", "duplicate")}) {
    if (const double share = number(s.at(key)); share > 0) line += fmt::format(", {} {}", name, ratio(share));
  }
  if (const double bits = number(s.at("rate_bps")); bits > 0)
    line += fmt::format(", {}, queue {:g} ms", rate(bits), number(s.at("queue_ms")));
  if (number(s.at("mtu")) != 1500) line += fmt::format(", MTU {:g}", number(s.at("mtu")));
  if (s.at("blackhole").as_bool()) line += ", black hole";
  return line;
}

std::string emulator_line(const json::object& region) {
  const json::object& emulator = region.at("emulator").as_object();
  if (!emulator.at("alive").as_bool()) {
    return "The emulator process has ENDED: no link carries anything. Start again: gnomon lab down; gnomon lab up\n";
  }
  return fmt::format("Emulator pid {}, {}, up for {:.0f} s.\n", emulator.at("pid").to_number<int>(),
                     emulator.at("real_time").as_bool()
                         ? "real-time priority"
                         : "ordinary priority (real-time was not allowed: delays are less exact)",
                     number(emulator.at("uptime_s")));
}

}  // namespace

std::string lab_status_table(const std::string& region_json) {
  const json::object region = json::parse(region_json).as_object();
  const json::array& sites = region.at("sites").as_array();
  const json::array& links = region.at("links").as_array();
  std::string out = fmt::format("{} ({}): {} sites, {} links. ", text(region.at("title").at("en")),
                                text(region.at("name")), sites.size(), links.size());
  out += emulator_line(region) + "\n";
  std::vector<Row> rows{{"SITE", "KIND", "NAME", "IPV4", "IPV6"}};
  for (const json::value& site : sites) {
    rows.push_back({text(site.at("id")), text(site.at("kind")), text(site.at("name").at("en")), text(site.at("ipv4")),
                    text(site.at("ipv6"))});
  }
  out += table(rows, "") + "\n";
  rows = {{"LINK", "STATE", "THERE", "BACK"}};
  std::string notes;
  for (const json::value& link : links) {
    const json::object& both = link.at("settings").as_object();
    const std::string there = settings(both.at("forward").as_object());
    const std::string back = settings(both.at("backward").as_object());
    std::string state = text(link.at("state")) == "up" ? "up" : "DOWN";
    if (link.at("routed_round").as_bool()) state += ", routed round";
    if (link.at("changed").as_bool()) state += ", changed";
    rows.push_back({text(link.at("id")), state, there, back == there ? "the same" : back});
    if (link.as_object().contains("fault"))
      notes += fmt::format("  {}: {}\n", text(link.at("id")), text(link.at("fault")));
  }
  out += table(rows, "");
  if (!notes.empty()) out += "\nFaults on purpose:\n" + notes;
  return out;
}

std::string lab_truth_table(const std::string& truth_json, bool all) {
  const json::object truth = json::parse(truth_json).as_object();
  std::vector<Row> rows{{"LINK", "FROM", "RECEIVED", "FORWARDED", "LOST", "QUEUE", "DOWN", "MTU", "POLICE", "DUPL",
                         "REORD", "SET", "P50", "P95", "P99", "MAX"}};
  for (const json::value& link : truth.at("links").as_array()) {
    for (const char* way : {"forward", "backward"}) {
      const json::object& d = link.at(way).as_object();
      if (!all && number(d.at("received")) == 0) continue;
      const auto count = [](const json::value& value) { return fmt::format("{:.0f}", number(value)); };
      const auto given = [&d](const char* name) {
        const json::value& value = d.at("given_us").at(name);
        return value.is_null() ? std::string("-") : time(value.to_number<double>());
      };
      const json::value& dropped = d.at("dropped");
      rows.push_back(
          {text(link.at("id")), text(link.at(way[0] == 'f' ? "a" : "b")), count(d.at("received")),
           count(d.at("forwarded")), count(dropped.at("loss")), count(dropped.at("queue")), count(dropped.at("down")),
           count(dropped.at("mtu")), count(dropped.at("police")), count(d.at("duplicated")), count(d.at("reordered")),
           time(number(d.at("settings").at("delay_us"))), given("p50"), given("p95"), given("p99"), given("max")});
    }
  }
  std::string out = fmt::format("Counted by the emulator since {:.1f} s ago.\n\n", number(truth.at("since_reset_s")));
  out +=
      rows.size() == 1 ? "  No link has carried a packet (--all shows them all).\n" : table(rows, "<<>>>>>>>>>>>>>>");
  if (const double unseen = number(truth.at("unseen")); unseen > 0) {
    out += fmt::format(
        "\nWarning: the kernel dropped {:.0f} frames before the emulator saw them; counts are not whole.\n", unseen);
  }
  return out;
}

std::string lab_bench_table(const std::string& bench_json) {
  const json::value bench = json::parse(bench_json);
  const json::value& error = bench.at("delay_error_us");
  const json::value& forwarding = bench.at("forwarding");
  return fmt::format(
      "delay error   median {:+.1f} us, p99 {:+.1f} us, least {:+.1f} us, most {:+.1f} us ({:.0f} packets, {} "
      "priority)\n"
      "forwarding    {:.0f} packets/s of 64-byte UDP with {:.3f}% lost, {:.0f}% of one CPU{}\n",
      number(error.at("p50")), number(error.at("p99")), number(error.at("min")), number(error.at("max")),
      number(error.at("count")), bench.at("real_time").as_bool() ? "real-time" : "ordinary",
      number(forwarding.at("packets_per_second")), number(forwarding.at("loss_ratio")) * 100,
      number(forwarding.at("cpu_share")) * 100,
      text(forwarding.at("limited_by")) == "sender" ? " (the sender could do no more)" : "");
}

}  // namespace gnomon::cli
