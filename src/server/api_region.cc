// GET region, and the lab: GET lab/links, GET lab/truth, POST lab/links/{id}.

#include <algorithm>
#include <map>
#include <set>

#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/json_rows.h"

namespace gnomon::server {

namespace {

// Sites that probes and targets name and the region does not, so that nothing that is measured is missing.
void add_measured_sites(RegionSnapshot& region, const LiveState& live) {
  std::set<std::string> known;
  for (const RegionSite& site : region.sites) known.insert(site.id);
  const auto add = [&](const std::string& id) {
    if (id.empty() || !known.insert(id).second) return;
    RegionSite site;
    site.id = id;
    site.name = {id, id};
    region.sites.push_back(std::move(site));
  };
  std::set<std::string> measured;
  std::map<std::string, ProbeId> probes;
  for (const ProbeView& probe : live.probes()) {
    measured.insert(probe.site);
    probes.try_emplace(probe.site, probe.id);
  }
  for (const PathView& path : live.paths()) measured.insert(path.identity->target_site);
  for (const std::string& id : measured) add(id);
  for (RegionSite& site : region.sites) {
    const auto probe = probes.find(site.id);
    if (!site.probe && probe != probes.end()) site.probe = probe->second;
  }
}

void write_site(JsonWriter& json, const RegionSite& site) {
  json.begin_object();
  json.member("id", site.id).member("name", site.name).member("kind", site.kind);
  json.member("lat", site.latitude).member("lon", site.longitude);
  json.key("access").begin_array();
  for (const std::string& access : site.access) json.value(access);
  json.end_array();
  json.member("probe", site.probe);
  json.end_object();
}

std::string region_json(const Api& api) {
  RegionSnapshot region = api.region->snapshot();
  add_measured_sites(region, *api.live);
  JsonWriter json;
  json.begin_object();
  json.member("name", region.name).member("lab", region.lab).member("title", region.title);
  json.key("bounds");
  if (region.bounds) {
    json.begin_array();
    for (const double edge : *region.bounds) json.value(edge);
    json.end_array();
  } else {
    json.null();
  }
  json.key("sites").begin_array();
  for (const RegionSite& site : region.sites) write_site(json, site);
  json.end_array();
  json.key("links").begin_array();
  for (const RegionLink& link : region.links) write_link(json, link);
  json.end_array().end_object();
  return json.take();
}

void write_direction(JsonWriter& json, const DirectionTruth& truth) {
  json.begin_object();
  json.member("forwarded", truth.forwarded).member("forwarded_bytes", truth.forwarded_bytes);
  json.member("dropped_loss", truth.dropped_loss).member("dropped_queue", truth.dropped_queue);
  json.member("dropped_down", truth.dropped_down).member("dropped_mtu", truth.dropped_mtu);
  json.member("dropped_police", truth.dropped_police);
  json.member("duplicated", truth.duplicated).member("reordered", truth.reordered);
  json.key("delay");
  if (truth.delay) {
    json.begin_object().member("min", truth.delay->min).member("p50", truth.delay->p50);
    json.member("p95", truth.delay->p95).member("p99", truth.delay->p99).member("max", truth.delay->max).end_object();
  } else {
    json.null();
  }
  json.end_object();
}

Status need_lab(const RegionSnapshot& region) {
  if (region.lab) return {};
  return failure(ErrorCode::kNotFound, "ask the lab", "", "no lab runs here", "start one with `gnomon up --lab delta`");
}

Result<http::Response> links_response(const Api& api) {
  const RegionSnapshot region = api.region->snapshot();
  if (const Status lab = need_lab(region); !lab) return tl::unexpected(lab.error());
  JsonWriter json;
  json.begin_object().key("links").begin_array();
  for (const RegionLink& link : region.links) write_link(json, link);
  json.end_array().end_object();
  return http::Response::json(json.take());
}

Result<http::Response> truth_response(const Api& api) {
  if (const Status lab = need_lab(api.region->snapshot()); !lab) return tl::unexpected(lab.error());
  const auto truth = api.region->truth();
  if (!truth) return tl::unexpected(truth.error());
  JsonWriter json;
  json.begin_object().key("links").begin_array();
  for (const LinkTruth& link : *truth) {
    json.begin_object().member("id", link.id).member("a", link.a).member("b", link.b);
    json.key("forward");
    write_direction(json, link.forward);
    json.key("backward");
    write_direction(json, link.backward);
    json.end_object();
  }
  json.end_array().end_object();
  return http::Response::json(json.take());
}

Result<http::Response> control_response(const Api& api, const http::Request& request) {
  if (const Status lab = need_lab(api.region->snapshot()); !lab) return tl::unexpected(lab.error());
  const auto command = parse_link_command(request.body, request.parameters.at("id"));
  if (!command) return tl::unexpected(command.error());
  const auto outcome = api.region->control(*command);
  if (!outcome) return tl::unexpected(outcome.error());
  JsonWriter json;
  json.begin_object().key("link");
  write_link(json, outcome->link);
  json.member("message", outcome->message).member("paths_using", outcome->paths_using).end_object();
  return http::Response::json(json.take());
}

}  // namespace

void add_region_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/region", http::Access::kViewer,
             [api](const http::Request&) { return http::Response::json(region_json(api)); });
}

void add_lab_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/lab/links", http::Access::kViewer, [api](const http::Request&) { return links_response(api); });
  router.get("/api/v1/lab/truth", http::Access::kViewer, [api](const http::Request&) { return truth_response(api); });
  router.post("/api/v1/lab/links/{id}", http::Access::kAdmin,
              [api](const http::Request& request) { return control_response(api, request); });
}

}  // namespace gnomon::server
