#include "cli/speed_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/figure_text.h"

namespace gnomon::cli {

namespace {

namespace capacity = methods::capacity;

// Bars of the live line, each this long at least.
constexpr std::size_t kMostBars = 24;
constexpr double kBarSeconds = 0.25;

std::string_view word_of(schema::Direction direction) {
  return direction == schema::Direction::kDown ? "down" : "up";
}

std::string seconds_text(Nanoseconds time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

std::string ending_text(const capacity::TcpCapacity& result) {
  switch (result.ending) {
    case capacity::Ending::kWhole:
      return {};
    case capacity::Ending::kCancelled:
      return "stopped before its end";
    case capacity::Ending::kPeerGone:
      return fmt::format("ended early: {}; the figure holds until then: see whether {} still runs and is reached",
                         result.reason, net::to_string(result.server));
    case capacity::Ending::kNothing:
      return "not a byte came through, though the connections stand: something between lets small packets pass and no "
             "large ones (an MTU black hole), or blocks the data; try --streams 1 and a smaller MTU";
  }
  return {};
}

std::string rate_line(const SpeedFigures& figures, const Terminal& terminal) {
  const auto& transfer = figures.capacity.transfer;
  StyledLine line(terminal);
  line.add(fmt::format(" {:<5}", word_of(transfer.direction)), Style::kDim);
  if (figures.bytes == 0) return line.add("nothing", Style::kBad).text();
  const double bps = figures.throughput ? figures.throughput->bps : figures.mean_bps;
  line.add(analysis::rate_text(bps), Style::kBold);
  const auto precision = figures.throughput ? figures.throughput->precision() : std::nullopt;
  if (precision) line.add(fmt::format("  {} {:.1f} %", terminal.utf8 ? "±" : "+-", 100 * *precision));
  if (!precision) line.add("  too short for an interval", Style::kWarn);
  line.add(fmt::format("   {} in {}", analysis::bytes_text(static_cast<double>(figures.bytes)),
                       seconds_text(transfer.samples.back().at)),
           Style::kDim);
  if (figures.spared.value > 0) {
    line.add(fmt::format(", {} spared", analysis::bytes_text(static_cast<double>(figures.spared.value))), Style::kDim);
  }
  return line.text();
}

void add_delay(StyledLine& line, std::string_view word, std::optional<Nanoseconds> delay) {
  if (delay) line.add(fmt::format("   {} ", word), Style::kDim).add(analysis::delay_text(*delay));
}

std::string sender_line(const SpeedFigures& figures, const Terminal& terminal) {
  const auto& last = figures.capacity.transfer.samples.back();
  StyledLine line(terminal);
  line.add("      ");
  line.add(figures.capacity.congestion_control.empty() ? "?" : figures.capacity.congestion_control, Style::kDim);
  add_delay(line, "idle", figures.capacity.idle_rtt);
  if (last.tcp) {
    add_delay(line, "loaded", figures.loaded_p50);
    const auto sent = std::max<std::uint64_t>(1, last.tcp->sent_segments);
    const double again = static_cast<double>(last.tcp->retransmitted_segments) / static_cast<double>(sent);
    line.add("   sent again ", Style::kDim).add(analysis::loss_text(again));
  }
  return line.text();
}

}  // namespace

std::string speed_title(const SpeedRequest& request, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(request.target, Style::kBold);
  const auto& options = request.options;
  const bool is_address = request.target == net::to_string(options.server.address);
  line.add(fmt::format("  {}   TCP, {} stream{}",
                       is_address ? fmt::format("port {}", options.server.port.value) : net::to_string(options.server),
                       options.streams, options.streams == 1 ? "" : "s"),
           Style::kDim);
  if (options.pace_bps > 0) {
    line.add(fmt::format(", at most {}", analysis::rate_text(static_cast<double>(options.pace_bps))), Style::kDim);
  }
  return line.text();
}

std::string speed_wait(std::uint64_t tests, Nanoseconds time, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" waiting: {} test{} before this one, about {}", tests, tests == 1 ? "" : "s",
                       analysis::length_text(std::chrono::ceil<std::chrono::seconds>(time)).en),
           Style::kWarn);
  return line.text();
}

std::string speed_progress(const schema::Transfer& transfer, const Terminal& terminal) {
  const analysis::DeliveryCurve curve(transfer.samples);
  StyledLine line(terminal);
  line.add(fmt::format(" {:<5}", word_of(transfer.direction)), Style::kDim);
  const double end = curve.end();
  if (end <= 0) return line.text();
  const double now = 8 * curve.rate(std::max(0.0, end - 2 * kBarSeconds), end);
  line.add(fmt::format("{:<12}", analysis::rate_text(now)), Style::kBold);
  const auto bars = std::clamp<std::size_t>(static_cast<std::size_t>(end / kBarSeconds), 1, kMostBars);
  std::vector<double> heights = curve.rates(0, end, static_cast<int>(bars));
  const double most = std::max(1.0, *std::ranges::max_element(heights));
  for (double& height : heights) height /= most;
  line.add(" " + bar_text(heights, terminal.utf8));
  line.add(fmt::format("  {:.1f} s", end), Style::kDim);
  return line.text();
}

std::vector<std::string> speed_summary(const SpeedFigures& figures, const Terminal& terminal) {
  constexpr int kIndent = 6;
  std::vector<std::string> lines = {rate_line(figures, terminal)};
  const auto add = [&](std::string_view sentence, Style style) {
    for (std::string& line : wrapped(sentence, kIndent, style, terminal)) lines.push_back(std::move(line));
  };
  if (figures.bytes > 0) lines.push_back(sender_line(figures, terminal));
  if (!figures.limit.sentence.en.empty()) {
    add(figures.limit.sentence.en, Style::kBold);
  }
  if (const std::string ending = ending_text(figures.capacity); !ending.empty()) add(ending, Style::kBad);
  if (figures.capacity.counts_disagree) {
    add("the server holds our count for impossible: one end's figures are wrong", Style::kBad);
  }
  return lines;
}

}  // namespace gnomon::cli
