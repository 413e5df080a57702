#include "server/metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/version.h"
#include "schema/access_names.h"
#include "schema/columns.h"
#include "server/api_routes.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

using schema::DelayWindow;

double seconds_of(Nanoseconds length) {
  return std::chrono::duration<double>(length).count();
}

// The number of a column in a window, in the base unit; nothing when it is not known or the column has no number.
std::optional<double> number_of(const DelayWindow& w, std::string_view column) {
  const auto delay = [](const std::optional<Nanoseconds>& value) {
    return value ? std::optional(seconds_of(*value)) : std::nullopt;
  };
  const auto count = [](const std::optional<std::uint32_t>& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  };
  if (column == "duration_ms") return seconds_of(w.duration);
  if (column == "sent") return w.sent;
  if (column == "received") return w.received;
  if (column == "lost") return w.lost;
  if (column == "duplicated") return w.duplicated;
  if (column == "reordered") return w.reordered;
  if (column == "late") return w.late;
  if (column == "stray") return w.stray;
  if (column == "unreachable") return w.unreachable;
  if (column == "lost_forward") return count(w.lost_forward);
  if (column == "lost_backward") return count(w.lost_backward);
  if (column == "reordered_forward") return count(w.reordered_forward);
  if (column == "reordered_backward") return count(w.reordered_backward);
  if (column == "rtt_min") return delay(w.rtt_min);
  if (column == "rtt_mean") return delay(w.rtt_mean);
  if (column == "rtt_max") return delay(w.rtt_max);
  if (column == "forward_min") return delay(w.forward_min);
  if (column == "forward_max") return delay(w.forward_max);
  if (column == "backward_min") return delay(w.backward_min);
  if (column == "backward_max") return delay(w.backward_max);
  if (column == "error_bound") return delay(w.error_bound);
  if (column == "clock_bound") return delay(w.clock_bound);
  return std::nullopt;
}

const DelaySketch* sketch_of(const DelayWindow& window, std::string_view column) {
  if (column == "rtt") return &window.rtt;
  if (column == "forward") return &window.forward;
  if (column == "backward") return &window.backward;
  if (column == "ipdv") return &window.ipdv;
  return nullptr;
}

struct LabelledWindow {
  std::string labels;
  DelayWindow window;
  PathState state;
};

std::vector<LabelledWindow> labelled(const LiveState& live, std::size_t& omitted) {
  std::vector<LabelledWindow> rows;
  auto windows = live.last_windows(kMetricsPaths, omitted);
  rows.reserve(windows.size());
  for (auto& [view, window] : windows) {
    const PathIdentity& path = *view.identity;
    const auto safe = MetricsWriter::escaped;
    rows.push_back(
        {fmt::format(R"(path="{}",source="{}",target="{}",method="{}",family="{}",item="{}")", to_string(path.id),
                     safe(path.vantage()), safe(path.target), safe(path.method), path.family, safe(path.plan_item)),
         std::move(window), view.state});
  }
  return rows;
}

void write_sketch(MetricsWriter& out, const schema::Column& column, const std::vector<LabelledWindow>& rows) {
  for (const LabelledWindow& row : rows) {
    const DelaySketch* sketch = sketch_of(row.window, column.name);
    if (sketch == nullptr || sketch->empty()) continue;
    for (const auto& [rank, q] : {std::pair{"0.5", 0.5}, {"0.95", 0.95}, {"0.99", 0.99}}) {
      out.sample_with(seconds_of(*sketch->quantile(q)), fmt::format("{},rank=\"{}\"", row.labels, rank));
    }
  }
}

void write_paths(MetricsWriter& out, const LiveState& live) {
  std::size_t omitted = 0;
  const std::vector<LabelledWindow> rows = labelled(live, omitted);
  out.gauge("gnomon_delay_paths_omitted", "", "Paths beyond the limit that this page tells one by one");
  out.sample(static_cast<std::uint64_t>(omitted));
  out.gauge("gnomon_path_broken", "", "1 when everything was lost for at least a window");
  for (const LabelledWindow& row : rows) out.sample_with(row.state == PathState::kBroken ? 1 : 0, row.labels);
  out.gauge("gnomon_path_degraded", "", "1 when loss or delay is surely above the path's own baseline");
  for (const LabelledWindow& row : rows) out.sample_with(row.state == PathState::kDegraded ? 1 : 0, row.labels);
  for (const schema::Column& column : schema::delay_columns()) {
    const bool sketch = column.kind == schema::ColumnKind::kSketch;
    const DelayWindow empty;
    const bool told =
        sketch ? sketch_of(empty, column.name) != nullptr : !column.unit.empty() && column.name != "start_ms";
    if (!told) continue;
    const std::string name = schema::openmetrics_name(column);
    const std::string_view unit = name.ends_with("_seconds") ? "seconds" : name.ends_with("_packets") ? "packets" : "";
    out.gauge(name, unit, fmt::format("{}, in the newest window", column.doc));
    if (sketch) {
      write_sketch(out, column, rows);
      continue;
    }
    for (const LabelledWindow& row : rows) {
      if (const auto value = number_of(row.window, column.name)) out.sample_with(*value, row.labels);
    }
  }
}

void write_ingest(MetricsWriter& out, const ObservatoryFigures& figures) {
  out.counter("gnomon_ingest_batches", "", "Batches handed over, by verdict");
  out.sample(figures.batches_stored, {{"verdict", "stored"}});
  out.sample(figures.batches_duplicate, {{"verdict", "duplicate"}});
  out.sample(figures.batches_refused_key, {{"verdict", "unknown_key"}});
  out.sample(figures.batches_bad, {{"verdict", "bad"}});
  out.sample(figures.batches_busy, {{"verdict", "busy"}});
  out.counter("gnomon_journal_records", "", "Batches in the journal");
  out.sample(figures.journal_records);
  out.gauge("gnomon_journal_bytes", "bytes", "Size of the journal on disk");
  out.sample(figures.journal_bytes);
  out.gauge("gnomon_journal_segments", "", "Segments of the journal");
  out.sample(figures.journal_segments);
  out.counter("gnomon_ledger_leaves", "", "Leaves of the Merkle log");
  out.sample(figures.ledger_size);
  out.gauge("gnomon_lag_records", "", "Records in the journal that are not yet in the tables");
  out.sample(figures.lag_records);
  out.gauge("gnomon_lag_seconds", "seconds", "Age of the oldest of them");
  out.sample(seconds_of(figures.lag));
  out.gauge("gnomon_disk_free_bytes", "bytes", "Free space where the data folder lies");
  out.sample(figures.disk_free_bytes);
  out.gauge("gnomon_disk_refusing", "", "1 while batches are refused because the disk is full");
  out.sample(std::uint64_t{figures.disk_refusing});
}

void write_http(MetricsWriter& out, const ObservatoryFigures& figures, std::size_t streams) {
  out.gauge("gnomon_http_connections", "", "Open connections");
  out.sample(figures.connections_open);
  out.counter("gnomon_http_connections_accepted", "", "Connections taken");
  out.sample(figures.connections_accepted);
  out.counter("gnomon_http_connections_refused", "", "Connections refused because a limit was reached");
  out.sample(figures.connections_refused);
  out.counter("gnomon_http_requests", "", "Requests read");
  out.sample(figures.requests);
  out.counter("gnomon_http_responses", "", "Answers, by class of status");
  out.sample(figures.responses_2xx, {{"class", "2xx"}});
  out.sample(figures.responses_3xx, {{"class", "3xx"}});
  out.sample(figures.responses_4xx, {{"class", "4xx"}});
  out.sample(figures.responses_5xx, {{"class", "5xx"}});
  out.counter("gnomon_http_received_bytes", "bytes", "Bytes of bodies read");
  out.sample(figures.bytes_received);
  out.counter("gnomon_http_sent_bytes", "bytes", "Bytes sent");
  out.sample(figures.bytes_sent);
  out.gauge("gnomon_event_streams", "", "Dashboards that follow live");
  out.sample(static_cast<std::uint64_t>(streams));
}

void write_store(MetricsWriter& out, const Api& api) {
  out.counter("gnomon_store_windows", "", "Windows ever applied to the tables");
  out.sample(api.store->windows_stored());
  const auto use = api.storage->get();
  if (!use) return;
  out.gauge("gnomon_store_bytes", "bytes", "Size of the store on disk");
  out.sample(use->file_bytes);
  out.gauge("gnomon_store_level_rows", "", "Rows of a level");
  for (const store::LevelUse& level : use->levels) out.sample(level.rows, {{"level", to_string(level.level)}});
  out.gauge("gnomon_store_level_bytes", "bytes", "Disk use of a level");
  for (const store::LevelUse& level : use->levels) out.sample(level.bytes, {{"level", to_string(level.level)}});
}

// Of each probe, access network, method, direction and family the newest test of the last week.
void write_access(MetricsWriter& out, const Api& api) {
  constexpr std::chrono::hours kWeek(24 * 7);
  const auto tests = api.store->newest_access_results(std::max(WallTime{}, api.clock->wall() - kWeek));
  if (!tests) return;
  const std::span<const store::AccessRow> rows(tests->data(), std::min(tests->size(), kMetricsPaths));
  const auto family = [&](std::string_view name, std::string_view unit, std::string_view help, const auto& figure) {
    out.gauge(name, unit, help);
    for (const store::AccessRow& row : rows) {
      const schema::AccessResult& r = row.result;
      const std::optional<double> value = figure(r);
      if (!value) continue;
      out.sample(*value, {{"probe", to_string(row.probe)},
                          {"site", row.site},
                          {"network", schema::to_string(r.network)},
                          {"access", r.access},
                          {"method", r.method},
                          {"direction", schema::to_string(r.direction)},
                          {"family", r.family == 6   ? "6"
                                     : r.family == 4 ? "4"
                                                     : ""}});
    }
  };
  const auto delay = [](const std::optional<Nanoseconds>& d) {
    return d ? std::optional(seconds_of(*d)) : std::nullopt;
  };
  family("gnomon_access_throughput_bytes_per_second", "", "Throughput of the newest test", [](const auto& r) {
    return r.throughput ? std::optional(static_cast<double>(*r.throughput) / 8) : std::nullopt;
  });
  family("gnomon_access_rpm", "", "Round trips per minute under working conditions, of the newest test",
         [](const auto& r) { return r.rpm ? std::optional<double>(*r.rpm) : std::nullopt; });
  family("gnomon_access_idle_rtt_seconds", "seconds", "Median delay before the load of the newest test",
         [&](const auto& r) { return delay(r.idle_p50); });
  family("gnomon_access_loaded_rtt_seconds", "seconds", "Median delay under the load of the newest test",
         [&](const auto& r) { return delay(r.loaded_p50); });
  family("gnomon_access_done", "", "1 when the newest test came to its end",
         [](const auto& r) { return std::optional<double>(r.outcome == schema::AccessOutcome::kDone ? 1 : 0); });
}

void write_fleet(MetricsWriter& out, const LiveState& live) {
  const PathCounts counts = live.counts();
  out.gauge("gnomon_paths", "", "Paths, by state");
  for (std::size_t i = 0; i < analysis::kPathStates; ++i) {
    out.sample(counts.of[i], {{"state", analysis::to_string(static_cast<PathState>(i))}});
  }
  out.gauge("gnomon_paths_over_limit", "", "Paths of which only the state is followed because too many are known");
  out.sample(live.paths_over_limit());
  const std::vector<ProbeView> probes = live.probes();
  out.gauge("gnomon_probes", "", "Probes that ever reported, by state");
  for (const ProbeState state : {ProbeState::kAlive, ProbeState::kSilent, ProbeState::kSick}) {
    const auto n = std::ranges::count(probes, state, &ProbeView::state);
    out.sample(static_cast<std::uint64_t>(n), {{"state", to_string(state)}});
  }
}

}  // namespace

std::string render_metrics(const Api& api, MetricsDialect dialect) {
  MetricsWriter out(dialect);
  const ObservatoryFigures figures = api.observatory->figures();
  out.gauge("gnomon_build_info", "", "The running version");
  out.sample(std::uint64_t{1}, {{"version", version()}});
  out.gauge("gnomon_uptime_seconds", "seconds", "Time since the server started");
  out.sample(seconds_of(api.clock->now() - api.started));
  write_ingest(out, figures);
  write_http(out, figures, api.feed->clients());
  write_store(out, api);
  write_access(out, api);
  write_fleet(out, *api.live);
  write_paths(out, *api.live);
  return out.finish();
}

void add_metrics_routes(http::Router& router, const Api& api) {
  router.get("/metrics", http::Access::kViewer, [api](const http::Request& request) -> Result<http::Response> {
    const MetricsDialect dialect = metrics_dialect(request.headers.get("Accept").value_or(""));
    return http::Response::text(render_metrics(api, dialect), content_type(dialect));
  });
}

}  // namespace gnomon::server
