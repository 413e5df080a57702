// GET status, GET storage, POST storage/retention.

#include "core/version.h"
#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/json_rows.h"

namespace gnomon::server {

namespace {

void write_levels(JsonWriter& json, const store::StorageUse& use) {
  json.begin_array();
  for (const store::LevelUse& level : use.levels) {
    json.begin_object();
    json.member("name", to_string(level.level)).member("rows", level.rows).member("bytes", level.bytes);
    std::optional<std::int64_t> seconds;
    if (level.retention) seconds = std::chrono::floor<std::chrono::seconds>(*level.retention).count();
    json.member("retention_s", seconds).member("oldest_unix_ms", level.oldest);
    json.end_object();
  }
  json.end_array();
}

void write_journal(JsonWriter& json, const ObservatoryFigures& figures) {
  json.key("journal").begin_object();
  json.member("records", figures.journal_records).member("bytes", figures.journal_bytes);
  json.member("segments", figures.journal_segments).end_object();
}

void write_disk(JsonWriter& json, const ObservatoryFigures& figures) {
  json.key("disk").begin_object();
  json.member("free_bytes", figures.disk_free_bytes).member("refusing", figures.disk_refusing).end_object();
}

// The levels before the store has ever answered: nothing is known, so there are none.
store::StorageUse use_of(const Api& api) {
  store::StorageUse none;
  for (std::size_t i = 0; i < store::kLevels; ++i) none.levels[i].level = static_cast<store::Level>(i);
  return api.storage->get().value_or(none);
}

std::string storage_json(const Api& api) {
  const ObservatoryFigures figures = api.observatory->figures();
  const store::StorageUse use = use_of(api);
  JsonWriter json;
  json.begin_object().member("bytes", use.file_bytes);
  json.key("levels");
  write_levels(json, use);
  write_journal(json, figures);
  write_disk(json, figures);
  json.key("settings").begin_object();
  json.member("retention_min_s", kRetentionMinimum).member("retention_max_s", kRetentionMaximum).end_object();
  json.end_object();
  return json.take();
}

void write_evidence(JsonWriter& json, const ObservatoryFigures& figures) {
  write_journal(json, figures);
  json.key("ledger").begin_object().member("size", figures.ledger_size);
  json.member("root", figures.ledger_root).member("checkpoint_unix_ms", figures.checkpoint).end_object();
  json.key("lag").begin_object().member("records", figures.lag_records);
  json.member("ms", std::chrono::floor<std::chrono::milliseconds>(figures.lag).count()).end_object();
}

}  // namespace

std::string status_json(const Api& api) {
  const ObservatoryFigures figures = api.observatory->figures();
  const RegionSnapshot region = api.region->snapshot();
  const store::StorageUse use = use_of(api);
  const std::vector<ProbeView> probes = api.live->probes();
  std::size_t known = api.observatory->enrolled().size();
  known = std::max(known, probes.size());
  JsonWriter json;
  json.begin_object();
  json.member("version", version());
  json.member("uptime_s", std::chrono::duration<double>(api.clock->now() - api.started).count());
  json.member("lab", region.lab).known_member("region", region.name);
  json.key("probes").begin_object().member("known", known);
  json.member("alive", api.live->probes_alive()).end_object();
  json.key("paths");
  write_counts(json, api.live->counts());
  json.member("windows_stored", api.store->windows_stored());
  write_evidence(json, figures);
  json.key("store").begin_object().member("bytes", use.file_bytes).key("levels");
  write_levels(json, use);
  json.end_object();
  write_disk(json, figures);
  json.key("ingest").begin_object().member("batches_stored", figures.batches_stored);
  json.member("batches_duplicate", figures.batches_duplicate);
  json.member("batches_refused_key", figures.batches_refused_key);
  json.member("batches_bad", figures.batches_bad).end_object();
  json.member("now_unix_ms", api.clock->wall());
  json.end_object();
  return json.take();
}

void add_status_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/status", http::Access::kPublic,
             [api](const http::Request&) { return http::Response::json(status_json(api)); });
}

void add_storage_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/storage", http::Access::kViewer,
             [api](const http::Request&) { return http::Response::json(storage_json(api)); });
  router.post("/api/v1/storage/retention", http::Access::kAdmin,
              [api](const http::Request& request) -> Result<http::Response> {
                const auto wanted = parse_retention(request.body);
                if (!wanted) return tl::unexpected(wanted.error());
                if (!api.set_retention) {
                  return failure(ErrorCode::kUnavailable, "set retention", "", "this server cannot change it");
                }
                const Status done = api.set_retention(wanted->level, wanted->keep);
                if (!done) return tl::unexpected(done.error());
                api.storage->forget();
                return http::Response::json(storage_json(api));
              });
}

}  // namespace gnomon::server
