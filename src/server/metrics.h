#pragma once

// GET /metrics: OpenMetrics 1.0 (https://github.com/OpenObservability/OpenMetrics, specification/OpenMetrics.md).
//
// Three spellings of the same samples, since the older text format names counters differently: what a caller that names
// application/openmetrics-text gets; what one that names text/plain gets (Prometheus text format 0.0.4); and, for all
// others, text that is valid in both, in which counters carry no type. `promtool check metrics` reads the last two.
//
// Pure functions but for render(), which reads the live state.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/api.h"

namespace gnomon::server {

enum class MetricsDialect : std::uint8_t { kOpenMetrics, kPrometheus, kBoth };

MetricsDialect metrics_dialect(std::string_view accept);
std::string_view content_type(MetricsDialect dialect);

class MetricsWriter {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  explicit MetricsWriter(MetricsDialect dialect) : dialect_(dialect) {}

  // A family's head; its samples follow. `name` ends in the unit, when there is one: "gnomon_uptime_seconds". A
  // counter's name stands without "_total".
  void gauge(std::string_view name, std::string_view unit, std::string_view help);
  void counter(std::string_view name, std::string_view unit, std::string_view help);
  void sample(double value, Labels labels = {});
  void sample(std::uint64_t value, Labels labels = {}) { sample_text(std::to_string(value), labels); }
  // The same with labels that are escaped already: `a="b",c="d"`.
  void sample_with(double value, std::string_view ready_labels);

  static std::string escaped(std::string_view label_value);
  [[nodiscard]] std::string finish();

 private:
  void head(std::string_view name, std::string_view type, std::string_view unit, std::string_view help);
  void sample_text(std::string_view value, Labels labels);
  MetricsDialect dialect_;
  std::string text_;
  std::string sample_name_;
};

// At most this many paths are told one by one; gnomon_delay_paths_omitted counts the rest.
inline constexpr std::size_t kMetricsPaths = 2000;

std::string render_metrics(const Api& api, MetricsDialect dialect);

}  // namespace gnomon::server
