#include "cli/ping_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gnomon::cli {
namespace {

constexpr int kHistogramBins = 24;
constexpr int kWideTerminal = 76;

double milliseconds(Nanoseconds delay) {
  return static_cast<double>(delay.count()) / 1e6;
}
std::string ms(Nanoseconds delay) {
  return fmt::format("{:.3f}", milliseconds(delay));
}
std::string ms(std::optional<Nanoseconds> delay) {
  return delay ? ms(*delay) : "-";
}

// "1 000 000"
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), " ");
  }
  return digits;
}

std::string_view source_words(schema::TimestampSource source) {
  switch (source) {
    case schema::TimestampSource::kUnknown:
      return "waiting for an answer";
    case schema::TimestampSource::kNic:
      return "network card timestamps";
    case schema::TimestampSource::kKernel:
      return "kernel timestamps";
    case schema::TimestampSource::kUser:
      return "program timestamps";
  }
  return "";
}

std::string endpoint_text(const net::Endpoint& endpoint) {
  return endpoint.port.value == 0 ? net::to_string(endpoint.address) : net::to_string(endpoint);
}

std::string title_line(const PingSubject& subject, const PingStatistics& seen, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(subject.name, Style::kBold);
  const auto address = endpoint_text(subject.endpoint);
  line.add("  " + subject.method + " to ", Style::kDim).add(address);
  line.add(fmt::format(", {}", source_words(seen.source)), Style::kDim);
  if (seen.answered > 0) {
    line.add(fmt::format(", error {} {}", terminal.utf8 ? "≤" : "<=", delay_text(seen.error_bound, terminal.utf8)),
             Style::kDim);
  }
  return line.text();
}

void add_count(StyledLine& line, std::uint64_t count, std::string_view word, Style when_some, bool always) {
  if (count == 0 && !always) return;
  line.add(fmt::format("   {} {}", grouped(count), word), count == 0 ? Style::kDim : when_some);
}

std::string count_line(const PingStatistics& seen, std::uint64_t sent, Nanoseconds elapsed, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" {} sent", grouped(sent)));
  add_count(line, seen.lost, "lost", Style::kBad, true);
  if (seen.lost > 0 && sent > 0) {
    line.add(fmt::format(" ({:.1f} %)", 100.0 * static_cast<double>(seen.lost) / static_cast<double>(sent)),
             Style::kBad);
  }
  add_count(line, seen.reordered, "reordered", Style::kWarn, true);
  add_count(line, seen.duplicated, "duplicated", Style::kWarn, true);
  add_count(line, seen.unreachable, "unreachable", Style::kBad, false);
  add_count(line, seen.not_sent, "not sent", Style::kBad, false);
  add_count(line, seen.late, "late", Style::kWarn, false);
  add_count(line, seen.stray, "stray", Style::kBad, false);
  line.add_right(fmt::format("{:.1f} s", milliseconds(elapsed) / 1e3), Style::kDim);
  return line.text();
}

void add_figure(StyledLine& line, std::string_view word, const std::string& figure, Style style = Style::kPlain) {
  line.add(fmt::format("   {} ", word), Style::kDim).add(figure, style);
}

std::string round_trip_line(const PingStatistics& seen, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(" round trip ");
  add_figure(line, "min", ms(seen.rtt_min));
  add_figure(line, "p50", ms(seen.rtt.quantile(0.5)), Style::kBold);
  if (terminal.width >= kWideTerminal) add_figure(line, "p95", ms(seen.rtt.quantile(0.95)));
  add_figure(line, "p99", ms(seen.rtt.quantile(0.99)));
  add_figure(line, "max", ms(seen.rtt_max));
  line.add(" ms", Style::kDim);
  if (!seen.ipdv.empty()) {
    add_figure(line, "ipdv p99", ms(seen.ipdv.quantile(0.99)));
    line.add(" ms", Style::kDim);
  }
  return line.text();
}

std::string one_way_line(const PingStatistics& seen, const Terminal& terminal) {
  StyledLine line(terminal);
  const bool fault = seen.forward_min < -seen.clock_bound.value_or(Nanoseconds{}) ||
                     seen.backward_min < -seen.clock_bound.value_or(Nanoseconds{});
  line.add(" there      ");
  add_figure(line, "p50", ms(seen.forward.quantile(0.5)), fault ? Style::kBad : Style::kPlain);
  line.add(" ms   back", Style::kDim);
  add_figure(line, "p50", ms(seen.backward.quantile(0.5)), fault ? Style::kBad : Style::kPlain);
  line.add(" ms   ", Style::kDim);
  if (seen.clock_bound) {
    line.add(
        fmt::format("clocks agree to {} {}", terminal.utf8 ? "±" : "+-", delay_text(*seen.clock_bound, terminal.utf8)),
        Style::kDim);
  } else {
    line.add("clocks not synchronised: no bound", Style::kWarn);
  }
  if (fault) line.add("   negative: a clock is wrong", Style::kBad);
  return line.text();
}

std::string histogram_text(const PingStatistics& seen, bool utf8) {
  const auto bins = seen.histogram(kHistogramBins);
  const auto most = static_cast<double>(std::max<std::uint64_t>(1, *std::max_element(bins.begin(), bins.end())));
  std::vector<double> heights;
  for (const auto bin : bins) heights.push_back(static_cast<double>(bin) / most);
  return bar_text(heights, utf8);
}

void add_sparkline(StyledLine& line, const PingStatistics& seen, MonotonicTime now, const Terminal& terminal) {
  const auto seconds = seen.last_seconds(static_cast<std::size_t>(std::clamp(line.room() - 1, 0, 60)), now);
  double least = 0, most = 0;
  bool any = false;
  for (const auto& second : seconds) {
    if (!second.median) continue;
    const double value = milliseconds(*second.median);
    least = any ? std::min(least, value) : value;
    most = any ? std::max(most, value) : value;
    any = true;
  }
  // Less than a tenth of the delay is no news: a flat line should look flat.
  const double span = std::max(most - least, least / 10);
  for (const auto& second : seconds) {
    if (second.loss && !second.median) {
      line.add(terminal.utf8 ? "×" : "x", Style::kBad);
    } else if (second.median) {
      const double height = span <= 0 ? 0.1 : 0.1 + 0.9 * (milliseconds(*second.median) - least) / span;
      line.add(bar_text({height}, terminal.utf8), second.loss ? Style::kBad : Style::kGood);
    } else {
      line.add(" ");
    }
  }
}

std::string shape_line(const PingStatistics& seen, MonotonicTime now, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" {} ", ms(seen.rtt_min)), Style::kDim);
  line.add(histogram_text(seen, terminal.utf8), Style::kGood);
  line.add(fmt::format(" {} ms", ms(seen.rtt_max)), Style::kDim);
  line.add("   last minute ", Style::kDim);
  add_sparkline(line, seen, now, terminal);
  return line.text();
}

}  // namespace

std::string delay_text(Nanoseconds delay, bool utf8) {
  const double value = milliseconds(delay);
  if (std::abs(value) < 1) return fmt::format("{:.1f} {}", value * 1e3, utf8 ? "µs" : "us");
  if (std::abs(value) < 10'000) return fmt::format("{:.3f} ms", value);
  return fmt::format("{:.3f} s", value / 1e3);
}

std::vector<std::string> ping_block(const PingSubject& subject, const PingStatistics& seen, std::uint64_t sent,
                                    MonotonicTime start, MonotonicTime now, const Terminal& terminal) {
  std::vector<std::string> lines{title_line(subject, seen, terminal), count_line(seen, sent, now - start, terminal)};
  if (seen.answered > 0) {
    lines.push_back(round_trip_line(seen, terminal));
    if (!seen.forward.empty()) lines.push_back(one_way_line(seen, terminal));
    lines.push_back(shape_line(seen, now, terminal));
  }
  if (const auto advice = ping_advice(subject, seen, sent); !advice.empty()) {
    StyledLine line(terminal);
    lines.push_back(line.add(" " + advice, Style::kWarn).text());
  }
  return lines;
}

std::string packet_line(const methods::PacketReport& report) {
  using Fate = methods::PacketReport::Fate;
  switch (report.fate) {
    case Fate::kAnswered: {
      std::string line = fmt::format("seq {} rtt {:.6f} ms error {:.6f} ms", report.sequence, milliseconds(report.rtt),
                                     milliseconds(report.error_bound));
      if (report.answer_ttl) line += fmt::format(" ttl {}", report.answer_ttl->value);
      if (report.forward && report.backward) {
        line += fmt::format(" there {} ms back {} ms", ms(*report.forward), ms(*report.backward));
      }
      return line;
    }
    case Fate::kLost:
      return fmt::format("seq {} lost", report.sequence);
    case Fate::kUnreachable: {
      const auto reporter = report.reporter ? " from " + net::to_string(*report.reporter) : "";
      return fmt::format("seq {} {}{}", report.sequence, report.reason, reporter);
    }
    case Fate::kNotSent:
      return fmt::format("seq {} not sent: {}", report.sequence, report.reason);
    case Fate::kDuplicate:
      return fmt::format("seq {} duplicate", report.sequence);
    case Fate::kLate:
      return fmt::format("seq {} late", report.sequence);
    case Fate::kStray:
      return "stray answer: wrong cookie, address or length; not believed";
  }
  return {};
}

std::string ping_advice(const PingSubject& subject, const PingStatistics& seen, std::uint64_t sent) {
  const bool v6 = subject.endpoint.address.family() == Family::kIpv6;
  const auto route =
      fmt::format("look at: ip {}route get {}", v6 ? "-6 " : "", net::to_string(subject.endpoint.address));
  if (seen.answered > 0) return {};
  if (seen.not_sent > 0) return fmt::format("cannot send: {}; {}", seen.last_problem, route);
  if (seen.unreachable > 0) {
    if (subject.method != "echo" && seen.last_problem.starts_with("port")) {
      return fmt::format("{}: nothing reflects there; start one with: gnomon reflect --port {}", seen.last_problem,
                         subject.endpoint.port.value);
    }
    return fmt::format("{}; {}", seen.last_problem, route);
  }
  if (seen.lost > 0 && sent > 0) {
    if (subject.method == "echo") return "nothing came back: the host is down, cut off, or drops echo requests";
    return fmt::format("nothing came back: cut off, filtered, or nothing reflects on port {}",
                       subject.endpoint.port.value);
  }
  return {};
}

}  // namespace gnomon::cli
