// GET probes: who is enrolled, joined with what the probes say of themselves, and the keys that were refused.

#include <algorithm>
#include <map>

#include "server/api_routes.h"
#include "server/json_rows.h"

namespace gnomon::server {

namespace {

struct Known {
  const EnrolledProbe* enrolled = nullptr;
  const ProbeView* seen = nullptr;
};

std::string probes_json(const Api& api) {
  const std::vector<EnrolledProbe> enrolled = api.observatory->enrolled();
  const std::vector<ProbeView> seen = api.live->probes();
  std::map<ProbeId, Known> all;
  for (const EnrolledProbe& probe : enrolled) all[probe.id].enrolled = &probe;
  for (const ProbeView& probe : seen) all[probe.id].seen = &probe;
  JsonWriter json;
  json.begin_object().key("probes").begin_array();
  for (const auto& [id, known] : all) write_probe(json, known.enrolled, known.seen);
  json.end_array();
  json.key("refused").begin_array();
  for (const RefusedKey& key : api.observatory->refused()) {
    json.begin_object().member("public_key_hex", key.public_key_hex).member("probe_id", key.probe);
    json.known_member("name", key.name).member("first_unix_ms", key.first).member("last_unix_ms", key.last);
    json.member("count", key.count).end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace

void add_fleet_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/probes", http::Access::kViewer,
             [api](const http::Request&) { return http::Response::json(probes_json(api)); });
}

}  // namespace gnomon::server
