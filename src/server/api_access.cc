// GET access, GET access/results.

#include <algorithm>

#include "schema/delay_window.h"
#include "server/access_json.h"
#include "server/api_query.h"
#include "server/api_routes.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

// Of the newest tests: as many as a page lists.
constexpr std::size_t kMostNewest = 500;

bool is_wanted(const AccessRequest& wanted, const std::string& site, schema::AccessNetwork network,
               const std::string& method, schema::AccessDirection direction) {
  return (!wanted.site || *wanted.site == site) && (!wanted.network || *wanted.network == network) &&
         (!wanted.method || *wanted.method == method) && (!wanted.direction || *wanted.direction == direction);
}

std::chrono::minutes offset_of(const Api& api, const AccessRequest& wanted) {
  return wanted.utc_offset ? std::chrono::floor<std::chrono::minutes>(*wanted.utc_offset) : api.zone.offset;
}

// What the probes that tested could not know: who else filled the line.
Status mark_disturbed(const Api& api, std::vector<store::AccessRow>& rows) {
  if (rows.empty()) return {};
  const auto [first, last] =
      std::ranges::minmax_element(rows, {}, [](const store::AccessRow& row) { return row.result.start; });
  const auto disturbed =
      api.store->disturbed_tests({first->result.start, last->result.start + std::chrono::milliseconds(1)});
  if (!disturbed) return tl::unexpected(disturbed.error());
  for (store::AccessRow& row : rows) {
    if (disturbed->contains({row.record, row.place})) row.result.marks |= schema::kMarkCapacityTest;
  }
  return {};
}

Status write_newest(JsonWriter& json, const Api& api, const AccessRequest& wanted) {
  auto newest = api.store->newest_access_results(wanted.from);
  if (!newest) return tl::unexpected(newest.error());
  if (auto done = mark_disturbed(api, *newest); !done) return done;
  json.key("newest").begin_array();
  std::size_t left = kMostNewest;
  for (const store::AccessRow& row : *newest) {
    const schema::AccessResult& r = row.result;
    if (r.start >= wanted.to || !is_wanted(wanted, row.site, r.network, r.method, r.direction)) continue;
    if (left-- == 0) break;
    write_access_row(json, row);
  }
  json.end_array();
  return {};
}

Status write_groups(JsonWriter& json, const Api& api, const AccessRequest& wanted, std::string_view name,
                    store::AccessSlot slot) {
  store::AccessSummaryQuery query{{wanted.from, wanted.to}, slot, offset_of(api, wanted), wanted.site};
  query.by_site = slot == store::AccessSlot::kNone;
  const auto groups = api.store->access_summaries(query);
  if (!groups) return tl::unexpected(groups.error());
  json.key(name).begin_array();
  for (const store::AccessSummary& s : *groups) {
    const std::string& site = query.by_site ? s.site : wanted.site.value_or("");
    if (is_wanted(wanted, site, s.network, s.method, s.direction)) write_access_summary(json, s);
  }
  json.end_array();
  return {};
}

Result<http::Response> summary(const Api& api, const http::Request& request) {
  const auto wanted = parse_access_request(request.query, api.clock->wall());
  if (!wanted) return tl::unexpected(wanted.error());
  JsonWriter json;
  json.begin_object().member("from_unix_ms", wanted->from).member("to_unix_ms", wanted->to);
  json.member("utc_offset_s", std::chrono::seconds(offset_of(api, *wanted)).count());
  if (auto done = write_newest(json, api, *wanted); !done) return tl::unexpected(done.error());
  using store::AccessSlot;
  for (const auto& [name, slot] : {std::pair("groups", AccessSlot::kNone), std::pair("hours", AccessSlot::kHourOfDay),
                                   std::pair("weekdays", AccessSlot::kDayOfWeek)}) {
    if (auto done = write_groups(json, api, *wanted, name, slot); !done) return tl::unexpected(done.error());
  }
  json.end_object();
  return http::Response::json(json.take());
}

Result<http::Response> results(const Api& api, const http::Request& request) {
  const auto wanted = parse_access_results_request(request.query, api.clock->wall());
  if (!wanted) return tl::unexpected(wanted.error());
  store::AccessQuery query{{wanted->from, wanted->to}, wanted->probe, wanted->site};
  query.limit = wanted->limit;
  auto rows = api.store->access_results(query);
  if (!rows) return tl::unexpected(rows.error());
  if (auto done = mark_disturbed(api, *rows); !done) return tl::unexpected(done.error());
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  for (const store::AccessRow& row : *rows) write_access_row(json, row);
  json.end_array().end_object();
  return http::Response::json(json.take());
}

}  // namespace

void add_access_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/access", http::Access::kViewer,
             [api](const http::Request& request) { return summary(api, request); });
  router.get("/api/v1/access/results", http::Access::kViewer,
             [api](const http::Request& request) { return results(api, request); });
}

}  // namespace gnomon::server
