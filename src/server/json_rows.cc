#include "server/json_rows.h"

#include "schema/names.h"

namespace gnomon::server {

namespace {

void write_minute(JsonWriter& json, const MinuteFigures& minute) {
  json.begin_object();
  json.member("windows", minute.windows);
  json.member("sent", minute.sent);
  json.member("received", minute.received);
  json.member("lost", minute.lost);
  json.member("loss_ratio", minute.loss_ratio);
  json.member("rtt_min", minute.rtt_min);
  json.member("rtt_p50", minute.rtt_p50);
  json.member("rtt_p95", minute.rtt_p95);
  json.member("rtt_p99", minute.rtt_p99);
  json.member("rtt_max", minute.rtt_max);
  json.member("forward_p50", minute.forward_p50);
  json.member("backward_p50", minute.backward_p50);
  json.member("ipdv_p99", minute.ipdv_p99);
  json.member("lost_forward", minute.lost_forward);
  json.member("lost_backward", minute.lost_backward);
  json.member("duplicated", minute.duplicated);
  json.member("reordered", minute.reordered);
  json.end_object();
}

void write_settings(JsonWriter& json, const LinkSettings& settings) {
  json.begin_object();
  json.member("delay_us", settings.delay_us);
  json.member("jitter_us", settings.jitter_us);
  json.member("loss_ratio", settings.loss_ratio);
  json.member("rate_bps", settings.rate_bps);
  json.member("queue_ms", settings.queue_ms);
  json.member("reorder_ratio", settings.reorder_ratio);
  json.member("duplicate_ratio", settings.duplicate_ratio);
  json.member("mtu", settings.mtu);
  json.end_object();
}

void write_vantage(JsonWriter& json, const Vantage& vantage) {
  json.begin_object();
  json.key("links").begin_array();
  for (const VantageLink& link : vantage.links) {
    json.begin_object();
    json.member("name", link.name).member("up", link.up);
    json.member("speed_mbit", link.speed_mbit == 0 ? std::nullopt : std::optional(link.speed_mbit));
    json.member("rx_errors", link.rx_errors).member("tx_errors", link.tx_errors);
    json.end_object();
  }
  json.end_array();
  json.key("families").begin_array();
  for (const VantageFamily& family : vantage.families) {
    json.begin_object();
    json.member("family", family.family).member("has_address", family.has_address);
    json.member("has_default_route", family.has_default_route);
    json.member("gateway_answers", family.gateway_answers).known_member("gateway", family.gateway);
    json.end_object();
  }
  json.end_array();
  json.key("clock");
  if (vantage.clock) {
    json.begin_object();
    json.member("synchronised", vantage.clock->synchronised).member("bound_ns", vantage.clock->bound);
    json.member("stepped_ns", vantage.clock->stepped).member("source", vantage.clock->source);
    json.end_object();
  } else {
    json.null();
  }
  json.member("cpu_busy_ratio", vantage.cpu_busy_ratio);
  json.key("complaints").begin_array();
  for (const std::string& complaint : vantage.complaints) json.value(complaint);
  json.end_array();
  json.end_object();
}

ProbeState shown_state(const ProbeView* probe) {
  return probe == nullptr ? ProbeState::kNever : probe->state;
}

}  // namespace

void write_outcome(JsonWriter& json, std::string_view name, std::optional<schema::Outcome> outcome) {
  const std::string_view word = outcome ? schema::to_string(*outcome) : "unspecified";
  json.known_member(name, word == "unspecified" ? std::string_view() : word);
}

void write_path_members(JsonWriter& json, const PathView& path) {
  const PathIdentity& identity = *path.identity;
  json.member("id", identity.id);
  json.member("probe", identity.probe);
  json.known_member("source_site", identity.source_site);
  json.member("target", identity.target);
  json.known_member("target_site", identity.target_site);
  json.member("method", identity.method);
  json.member("family", identity.family);
  json.member("plan_item", identity.plan_item);
  json.known_member("access", identity.access);
  json.known_member("address", identity.address);
  json.member("dscp", identity.dscp);
  json.member("payload_bytes", identity.payload_bytes);
  json.member("interval_ms", identity.interval_ms);
  json.member("state", analysis::to_string(path.state));
  json.member("since_unix_ms", path.since);
  json.member("last_unix_ms", path.last);
  write_outcome(json, "outcome", path.outcome);
  const bool sourced = path.timestamp_source != schema::TimestampSource::kUnknown;
  json.known_member("timestamp_source", sourced ? schema::to_string(path.timestamp_source) : std::string_view());
  json.member("error_bound", path.error_bound);
  json.member("clock_bound", path.clock_bound);
  json.member("during_test", path.during_test);
  json.key("minute");
  write_minute(json, path.minute);
}

void write_path(JsonWriter& json, const PathView& path) {
  json.begin_object();
  write_path_members(json, path);
  json.end_object();
}

std::string paths_json(std::span<const PathView> paths) {
  JsonWriter json;
  json.begin_object();
  json.key("paths").begin_array();
  for (const PathView& path : paths) write_path(json, path);
  json.end_array().end_object();
  return json.take();
}

std::string path_figures_json(std::span<const PathView> paths) {
  JsonWriter json;
  json.begin_object().key("columns").begin_array();
  for (const char* name : {"id", "state", "sent", "received", "lost", "rtt_p50", "rtt_p99", "ipdv_p99"})
    json.value(name);
  json.end_array().key("rows").begin_array();
  for (const PathView& path : paths) {
    const MinuteFigures& minute = path.minute;
    json.begin_array().value(path.identity->id).value(analysis::to_string(path.state));
    json.value(minute.sent).value(minute.received).value(minute.lost);
    json.value(minute.rtt_p50).value(minute.rtt_p99).value(minute.ipdv_p99).end_array();
  }
  json.end_array().end_object();
  return json.take();
}

std::string path_states_json(std::span<const PathView> paths) {
  JsonWriter json;
  json.begin_object().key("columns").begin_array().value("id").value("state").end_array();
  json.key("rows").begin_array();
  for (const PathView& path : paths) {
    json.begin_array().value(path.identity->id).value(analysis::to_string(path.state)).end_array();
  }
  json.end_array().end_object();
  return json.take();
}

void write_counts(JsonWriter& json, const PathCounts& counts) {
  json.begin_object();
  json.member("total", counts.total);
  for (std::size_t i = 0; i < analysis::kPathStates; ++i) {
    json.member(analysis::to_string(static_cast<PathState>(i)), counts.of[i]);
  }
  json.end_object();
}

void write_link(JsonWriter& json, const RegionLink& link) {
  json.begin_object();
  json.member("id", link.id).member("a", link.a).member("b", link.b).member("kind", link.kind);
  json.member("state", link.up ? "up" : "down");
  json.key("settings").begin_object();
  json.key("forward");
  write_settings(json, link.forward);
  json.key("backward");
  write_settings(json, link.backward);
  json.end_object();
  json.member("changed", link.changed);
  json.end_object();
}

std::string link_json(const RegionLink& link) {
  JsonWriter json;
  write_link(json, link);
  return json.take();
}

void write_probe(JsonWriter& json, const EnrolledProbe* enrolled, const ProbeView* probe) {
  const ProbeView nothing;
  const ProbeView& view = probe == nullptr ? nothing : *probe;
  const auto prefer = [&](const std::string& own, const std::string ProbeView::*said) -> std::string {
    return own.empty() ? view.*said : own;
  };
  json.begin_object();
  json.member("id", enrolled != nullptr ? enrolled->id : view.id);
  json.member("name", enrolled != nullptr ? prefer(enrolled->name, &ProbeView::name) : view.name);
  json.known_member("site", view.site.empty() && enrolled != nullptr ? enrolled->site : view.site);
  json.member("enrolled_unix_ms", enrolled != nullptr ? enrolled->enrolled : std::nullopt);
  json.member("last_seen_unix_ms", view.last_seen);
  json.known_member("version", view.version);
  json.member("state", to_string(shown_state(probe)));
  json.member("sequence", probe == nullptr ? std::nullopt : std::optional(view.sequence));
  json.key("spool");
  if (view.vantage) {
    json.begin_object().member("bytes", view.vantage->spool_bytes);
    json.member("limit_bytes", view.vantage->spool_limit_bytes);
    json.member("batches", view.vantage->spool_batches).end_object();
  } else {
    json.null();
  }
  json.key("vantage");
  if (view.vantage) {
    write_vantage(json, *view.vantage);
  } else {
    json.null();
  }
  json.member("paths", view.paths);
  json.member("dropped_windows", view.dropped_windows);
  json.member("packets_late", view.vantage ? view.vantage->packets_late : 0);
  json.known_member("plan_revision", view.plan_revision);
  json.end_object();
}

}  // namespace gnomon::server
