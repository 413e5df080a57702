#include "cli/responsiveness_view.h"

#include <fmt/format.h>

#include <cmath>

#include "analysis/figure_text.h"
#include "cli/ping_view.h"

namespace gnomon::cli {
namespace {

namespace rpm = methods::responsiveness;

std::string rate_of(BitRate rate) {
  return analysis::rate_text(static_cast<double>(rate.value));
}

std::string goodput_text(rpm::Load load, BitRate down, BitRate up) {
  switch (load) {
    case rpm::Load::kDown:
      return rate_of(down) + " down";
    case rpm::Load::kUp:
      return rate_of(up) + " up";
    case rpm::Load::kBoth:
      return rate_of(down) + " down, " + rate_of(up) + " up";
  }
  return {};
}

std::string delay(const DelaySketch& sketch, double q, bool utf8) {
  const auto value = sketch.quantile(q);
  return value ? delay_text(*value, utf8) : "-";
}

std::string delay(std::optional<Nanoseconds> value, bool utf8) {
  return value ? delay_text(*value, utf8) : "-";
}

// Under the draft's authors' words for the figure: below 200 poor, from 1,000 on good.
Style style_of(double figure) {
  if (figure < 200) return Style::kBad;
  return figure < 1000 ? Style::kWarn : Style::kGood;
}

std::string idle_line(const rpm::Responsiveness& result, const Terminal& terminal) {
  StyledLine line(terminal);
  const auto& idle = result.idle;
  line.add(" idle   ").add("tcp ", Style::kDim).add(delay(idle.tcp, 0.5, terminal.utf8));
  if (result.tls) line.add("   tls ", Style::kDim).add(delay(idle.tls, 0.5, terminal.utf8));
  line.add("   http ", Style::kDim).add(delay(idle.http, 0.5, terminal.utf8));
  line.add("   in all ", Style::kDim).add(delay(idle.total, 0.5, terminal.utf8));
  line.add(fmt::format("   (p50 of {})", idle.http.count()), Style::kDim);
  if (idle.failed > 0) line.add(fmt::format("   {} failed", idle.failed), Style::kBad);
  return line.text();
}

std::string rpm_line(const rpm::WorkingConditions& seen, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add(fmt::format(" {:<6} ", rpm::to_string(seen.load)));
  if (seen.rpm) {
    line.add(fmt::format("{:.0f} RPM", seen.rpm->overall), style_of(seen.rpm->overall));
    line.add(fmt::format(" (new connections {:.0f}, loaded ones {:.0f})", seen.rpm->foreign, seen.rpm->loaded),
             Style::kDim);
  } else {
    line.add("no figure: probes did not come back", Style::kBad);
  }
  line.add(fmt::format("   confidence {}", rpm::to_string(seen.rpm_confidence)), Style::kDim);
  line.add("   " + goodput_text(seen.load, seen.goodput_down, seen.goodput_up));
  return line.text();
}

std::string inflation_line(const rpm::WorkingConditions& seen, const Terminal& terminal) {
  StyledLine line(terminal);
  line.add("        queue ", Style::kDim).add(delay(seen.tcp.p50, terminal.utf8), Style::kBold);
  line.add(fmt::format(" p50, {} p95", delay(seen.tcp.p95, terminal.utf8)));
  line.add("   loaded tcp ", Style::kDim).add(delay(seen.loaded.tcp, 0.5, terminal.utf8));
  line.add("   http ", Style::kDim).add(delay(seen.loaded.http, 0.5, terminal.utf8));
  line.add("   self ", Style::kDim).add(delay(seen.loaded.self, 0.5, terminal.utf8));
  line.add(fmt::format("   {} flows, {:.0f} s", seen.flows_down + seen.flows_up,
                       std::chrono::duration<double>(seen.duration).count()),
           Style::kDim);
  return line.text();
}

std::string quantiles(const DelaySketch& sketch) {
  std::string out = fmt::format(R"({{"count":{})", sketch.count());
  for (const auto& [name, q] :
       {std::pair{"p5", 0.05}, std::pair{"p50", 0.5}, std::pair{"p95", 0.95}, std::pair{"p99", 0.99}}) {
    const auto value = sketch.quantile(q);
    out += fmt::format(R"(,"{}":{})", name, value ? std::to_string(value->count()) : "null");
  }
  return out + "}";
}

std::string spread_json(const rpm::ProbeSpread& spread, bool tls) {
  std::string out = fmt::format(R"({{"tcp":{})", quantiles(spread.tcp));
  if (tls) out += fmt::format(R"(,"tls":{})", quantiles(spread.tls));
  out += fmt::format(R"(,"http":{},"total":{})", quantiles(spread.http), quantiles(spread.total));
  if (!spread.self.empty()) out += fmt::format(R"(,"self":{})", quantiles(spread.self));
  return out + fmt::format(R"(,"failed":{}}})", spread.failed);
}

std::string inflation_json(const rpm::Inflation& inflation) {
  const auto number = [](const auto& value) { return value ? std::to_string(value->count()) : "null"; };
  return fmt::format(R"({{"p50":{},"p95":{}}})", number(inflation.p50), number(inflation.p95));
}

std::string conditions_json(const rpm::WorkingConditions& seen, bool tls) {
  std::string out = "{";
  if (seen.rpm) {
    out += fmt::format(R"("rpm":{:.1f},"rpm_foreign":{:.1f},"rpm_loaded":{:.1f},)", seen.rpm->overall,
                       seen.rpm->foreign, seen.rpm->loaded);
  } else {
    out += R"("rpm":null,)";
  }
  out += fmt::format(R"("rpm_confidence":"{}","goodput_confidence":"{}",)", rpm::to_string(seen.rpm_confidence),
                     rpm::to_string(seen.goodput_confidence));
  out += fmt::format(R"("goodput_down_bps":{},"goodput_up_bps":{},"flows_down":{},"flows_up":{},"intervals":{},)",
                     seen.goodput_down.value, seen.goodput_up.value, seen.flows_down, seen.flows_up, seen.intervals);
  out += fmt::format(R"("duration_ns":{},"loaded":{},)", seen.duration.count(), spread_json(seen.loaded, tls));
  out += fmt::format(R"("inflation_tcp":{},"inflation_http":{},"inflation_self":{},"ended_early":{}}})",
                     inflation_json(seen.tcp), inflation_json(seen.http), inflation_json(seen.self),
                     seen.ended_early.empty() ? "false" : "true");
  return out;
}

std::vector<const rpm::WorkingConditions*> all_of(const rpm::Responsiveness& result) {
  std::vector<const rpm::WorkingConditions*> out;
  for (const auto* seen : {&result.down, &result.up, &result.both}) {
    if (*seen) out.push_back(&**seen);
  }
  return out;
}

}  // namespace

std::string responsiveness_progress(const rpm::Progress& progress, const Terminal& terminal) {
  StyledLine line(terminal);
  if (progress.stage == rpm::Progress::Stage::kIdle) return line.add(" idle: new connections, one by one").text();
  line.add(fmt::format(" {:<6} ", rpm::to_string(progress.load)));
  line.add(goodput_text(progress.load, progress.goodput_down, progress.goodput_up));
  line.add(fmt::format("   {} flow{}", progress.flows, progress.flows == 1 ? "" : "s"), Style::kDim);
  if (progress.rpm) line.add(fmt::format("   {:.0f} RPM", progress.rpm->overall), style_of(progress.rpm->overall));
  line.add(progress.working ? "   measuring" : "   filling the line", Style::kDim);
  line.add_right(fmt::format("{:.0f} s", std::chrono::duration<double>(progress.elapsed).count()), Style::kDim);
  return line.text();
}

std::vector<std::string> responsiveness_block(const rpm::Responsiveness& result, const Terminal& terminal) {
  StyledLine title(terminal);
  title.add(result.host, Style::kBold).add("  responsiveness over ", Style::kDim);
  title.add(result.tls ? "HTTP/2, TLS" : "HTTP/2, no TLS").add(" to ", Style::kDim).add(net::to_string(result.server));
  std::vector<std::string> lines{title.text(), idle_line(result, terminal)};
  for (const auto* seen : all_of(result)) {
    lines.push_back(rpm_line(*seen, terminal));
    lines.push_back(inflation_line(*seen, terminal));
    constexpr int kIndent = 8;
    if (seen->ended_early.empty()) continue;
    for (std::string& line : wrapped("ended early: " + seen->ended_early, kIndent, Style::kWarn, terminal)) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

std::string responsiveness_json(const rpm::Responsiveness& result) {
  std::string out = fmt::format(R"({{"server":"{}","host":"{}","tls":{},"idle":{})", net::to_string(result.server),
                                result.host, result.tls, spread_json(result.idle, result.tls));
  for (const auto* seen : all_of(result)) {
    out += fmt::format(R"(,"{}":{})", rpm::to_string(seen->load), conditions_json(*seen, result.tls));
  }
  return out + "}";
}

}  // namespace gnomon::cli
