#include <fmt/format.h>

#include <cmath>

#include "server/metrics.h"

namespace gnomon::server {

MetricsDialect metrics_dialect(std::string_view accept) {
  if (accept.find("application/openmetrics-text") != std::string_view::npos) return MetricsDialect::kOpenMetrics;
  if (accept.find("text/plain") != std::string_view::npos) return MetricsDialect::kPrometheus;
  return MetricsDialect::kBoth;
}

std::string_view content_type(MetricsDialect dialect) {
  switch (dialect) {
    case MetricsDialect::kPrometheus:
      return "text/plain; version=0.0.4; charset=utf-8";
    case MetricsDialect::kOpenMetrics:
    case MetricsDialect::kBoth:
      break;
  }
  return "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

void MetricsWriter::head(std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
  auto out = std::back_inserter(text_);
  if (!type.empty()) fmt::format_to(out, "# TYPE {} {}\n", name, type);
  if (!unit.empty() && dialect_ != MetricsDialect::kPrometheus && name.ends_with(unit)) {
    fmt::format_to(out, "# UNIT {} {}\n", name, unit);
  }
  fmt::format_to(out, "# HELP {} {}\n", name, help);
  sample_name_ = name;
}

void MetricsWriter::gauge(std::string_view name, std::string_view unit, std::string_view help) {
  head(name, "gauge", unit, help);
}

void MetricsWriter::counter(std::string_view name, std::string_view unit, std::string_view help) {
  const std::string total = fmt::format("{}_total", name);
  switch (dialect_) {
    case MetricsDialect::kOpenMetrics:
      head(name, "counter", unit, help);
      break;
    case MetricsDialect::kPrometheus:
      head(total, "counter", {}, help);
      break;
    case MetricsDialect::kBoth:
      head(total, {}, {}, help);
      break;
  }
  sample_name_ = total;
}

std::string MetricsWriter::escaped(std::string_view label_value) {
  std::string safe;
  for (const char c : label_value) {
    if (c == '\n') {
      safe += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') safe += '\\';
    safe += c;
  }
  return safe;
}

void MetricsWriter::sample_text(std::string_view value, Labels labels) {
  std::string ready;
  for (const auto& [name, text] : labels) {
    fmt::format_to(std::back_inserter(ready), "{}{}=\"{}\"", ready.empty() ? "" : ",", name, escaped(text));
  }
  text_ += sample_name_;
  if (!ready.empty()) fmt::format_to(std::back_inserter(text_), "{{{}}}", ready);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void MetricsWriter::sample(double value, Labels labels) {
  if (std::isfinite(value)) sample_text(fmt::format("{}", value), labels);
}

void MetricsWriter::sample_with(double value, std::string_view ready_labels) {
  if (!std::isfinite(value)) return;
  fmt::format_to(std::back_inserter(text_), "{}{{{}}} {}\n", sample_name_, ready_labels, value);
}

std::string MetricsWriter::finish() {
  // A comment in the older format.
  text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace gnomon::server
