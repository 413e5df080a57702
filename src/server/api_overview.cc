// GET overview: headline figures, what changed most, links that one measured pair uses alone.

#include <algorithm>

#include "server/api_routes.h"
#include "server/json_rows.h"
#include "server/path_words.h"

namespace gnomon::server {

namespace {

void write_now(JsonWriter& json, const Overview& overview) {
  json.key("now").begin_object();
  json.key("paths");
  write_counts(json, overview.counts);
  json.member("rtt_p50", overview.rtt_p50).member("rtt_p99", overview.rtt_p99);
  json.member("loss_ratio", overview.loss_ratio);
  json.member("ipv6_good", overview.ipv6_good).member("ipv6_total", overview.ipv6_total);
  json.member("ipv6_minus_ipv4_ns", overview.ipv6_minus_ipv4).end_object();
}

void write_changed(JsonWriter& json, const ChangedPath& changed) {
  json.begin_object();
  json.member("path", changed.path).member("kind", changed.by_loss ? "loss" : "delay");
  json.member("before", changed.before).member("after", changed.after);
  json.key("spark").begin_array();
  for (const auto& value : changed.spark) json.value(value);
  json.end_array().end_object();
}

// The worst path that runs over this link and no other; nothing when none does or the region cannot tell.
std::optional<PathView> alone_on(const RegionLink& link, const std::vector<PathView>& paths,
                                 const RegionControl& region) {
  std::optional<PathView> worst;
  for (const PathView& path : paths) {
    const PathIdentity& identity = *path.identity;
    const bool there = identity.source_site == link.a && identity.target_site == link.b;
    const bool back = identity.source_site == link.b && identity.target_site == link.a;
    if (!there && !back) continue;
    const auto route = region.route(identity.source_site, identity.target_site, identity.family);
    if (!route || route->size() != 1 || route->front() != link.id) continue;
    if (!worst || badness(path.state) > badness(worst->state)) worst = path;
  }
  return worst;
}

std::string overview_json(const Api& api) {
  const Overview overview = api.live->overview();
  const RegionSnapshot region = api.region->snapshot();
  JsonWriter json;
  json.begin_object();
  write_now(json, overview);
  json.key("changed").begin_array();
  for (const ChangedPath& changed : overview.changed) write_changed(json, changed);
  json.end_array();
  json.key("links").begin_array();
  if (region.lab) {
    const std::vector<PathView> paths = api.live->paths();
    for (const RegionLink& link : region.links) {
      const auto path = alone_on(link, paths, *api.region);
      if (!path) continue;
      json.begin_object().member("id", link.id).member("rtt_p50", path->minute.rtt_p50);
      json.member("loss_ratio", path->minute.loss_ratio).member("state", link.up ? "up" : "down").end_object();
    }
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace

void add_overview_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/overview", http::Access::kViewer,
             [api](const http::Request&) { return http::Response::json(overview_json(api)); });
}

}  // namespace gnomon::server
