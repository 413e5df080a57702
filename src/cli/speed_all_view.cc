#include "cli/speed_all_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/figure_text.h"

namespace gnomon::cli {

namespace {

constexpr int kName = 16;
constexpr int kRate = 12;

std::string_view word_of(schema::Direction direction) {
  return direction == schema::Direction::kDown ? "down" : "up";
}

std::string state_text(const MethodRun& run) {
  switch (run.state) {
    case MethodState::kMeasured:
      return "";
    case MethodState::kBrokeOff:
      return "broke off";
    case MethodState::kNotOffered:
      return "not offered";
    case MethodState::kNoAnswer:
      return "blocked or not there";
    case MethodState::kRefused:
      return "refused";
    case MethodState::kStopped:
      return "stopped";
  }
  return "";
}

std::string state_line(const MethodRun& run) {
  return run.reason.empty() ? state_text(run) : fmt::format("{}: {}", state_text(run), run.reason);
}

// Words of at most so many columns each; a longer word has a line of its own.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, std::min(text.find(' '), text.size()));
    if (!lines.back().empty() && lines.back().size() + 1 + word.size() > columns) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return lines;
}

void add_wrapped(std::vector<std::string>& lines, const std::string& text, int indent, Style style,
                 const Terminal& terminal) {
  const auto columns = static_cast<std::size_t>(std::max(30, terminal.width - indent));
  for (const std::string& line : wrapped(text, columns)) {
    lines.push_back(
        StyledLine(terminal).add(std::string(static_cast<std::size_t>(indent), ' ')).add(line, style).text());
  }
}

std::string rate_row(const MethodRun& run, const analysis::ReconciledRate& rate, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format("   {:<{}} {:>{}} ", run.name, kName, analysis::rate_text(rate.bps), kRate));
  line.add(fmt::format("{:>{}}", analysis::rate_text(rate.ip_bps), kRate), Style::kBold);
  const std::string below = rate.below < 0.0005 ? "highest" : fmt::format("{:.1f} %", -100 * rate.below);
  line.add(fmt::format(" {:>9}", below), rate.unexplained > 0.02 ? Style::kWarn : Style::kPlain);
  return line.text();
}

void add_rest(std::vector<std::string>& lines, const MethodRun& run, const Terminal& terminal) {
  if (run.rpm) {
    StyledLine line(terminal);
    line.add(fmt::format("     {:.0f} round trips a minute under load", *run.rpm), Style::kBold);
    if (run.queue && run.queue->count() > 0)
      line.add(fmt::format(", {} longer than idle", analysis::delay_text(*run.queue)), Style::kDim);
    lines.push_back(line.text());
  }
  if (run.state != MethodState::kMeasured && run.rate) add_wrapped(lines, state_line(run), 5, Style::kWarn, terminal);
}

}  // namespace

std::string all_title(const SpeedAllRequest& request, const Terminal& terminal) {
  const auto& options = request.speed.options;
  StyledLine line(terminal);
  line.add(request.speed.target, Style::kBold);
  line.add(fmt::format("  {}   all methods, one after the other", net::to_string(options.server.address)), Style::kDim);
  return line.text();
}

std::string all_progress(const std::string& name, schema::Direction direction, double bps, Nanoseconds at,
                         const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" {:<5}{:<{}} ", word_of(direction), name, kName), Style::kDim);
  line.add(fmt::format("{:>{}}", analysis::rate_text(bps), kRate), Style::kBold);
  line.add(fmt::format("  {:.1f} s", std::chrono::duration<double>(at).count()), Style::kDim);
  return line.text();
}

std::string all_step(const MethodRun& run, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" {:<5}{:<{}} ", word_of(run.direction), run.name, kName));
  if (run.rate) line.add(fmt::format("{:>{}}", analysis::rate_text(run.rate->bps), kRate), Style::kBold);
  if (run.state != MethodState::kMeasured) line.add((run.rate ? "  " : "") + state_line(run), Style::kWarn);
  return line.text();
}

std::vector<std::string> all_table(const AccessDirection& direction, const Terminal& terminal) {
  std::vector<std::string> lines;
  StyledLine head(terminal);
  head.add(fmt::format(" {:<{}}", word_of(direction.direction), kName + 2), Style::kBold);
  head.add(fmt::format(" {:>{}} {:>{}} {:>9}", "own layer", kRate, "IP packets", kRate, "below"), Style::kDim);
  lines.push_back(head.text());
  std::size_t rate = 0;
  for (const MethodRun& run : direction.runs) {
    if (run.rate) {
      const auto& row = direction.rates[rate++];
      lines.push_back(rate_row(run, row, terminal));
      add_wrapped(lines, row.explanation.en, 5, Style::kDim, terminal);
      add_rest(lines, run, terminal);
    } else {
      add_wrapped(lines, fmt::format("{:<{}}   {}", run.name, kName, state_line(run)), 3, Style::kWarn, terminal);
    }
  }
  add_wrapped(lines, direction.verdict.sentence.en, 1, Style::kBold, terminal);
  return lines;
}

}  // namespace gnomon::cli
