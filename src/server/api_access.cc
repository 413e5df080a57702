// GET access, GET access/results.

#include <array>

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

// What the probe that tested could not know: who else filled the line.
void mark_disturbed(store::AccessRow& row, const store::DisturbedTests& disturbed) {
  if (disturbed.contains({row.record, row.place})) row.result.marks |= schema::kMarkCapacityTest;
}

void write_newest(JsonWriter& json, const AccessRequest& wanted, std::vector<store::AccessRow>& newest,
                  const store::DisturbedTests& disturbed) {
  json.key("newest").begin_array();
  std::size_t left = kMostNewest;
  for (store::AccessRow& row : newest) {
    const schema::AccessResult& r = row.result;
    if (r.start >= wanted.to || !is_wanted(wanted, row.site, r.network, r.method, r.direction)) continue;
    if (left-- == 0) break;
    mark_disturbed(row, disturbed);
    write_access_row(json, row);
  }
  json.end_array();
}

void write_groups(JsonWriter& json, const AccessRequest& wanted, std::string_view name, store::AccessCut cut,
                  const std::vector<store::AccessSummary>& groups) {
  json.key(name).begin_array();
  for (const store::AccessSummary& s : groups) {
    const std::string& site = cut.by_site ? s.site : wanted.site.value_or("");
    if (is_wanted(wanted, site, s.network, s.method, s.direction)) write_access_summary(json, s);
  }
  json.end_array();
}

Result<http::Response> summary(const Api& api, const http::Request& request) {
  const auto wanted = parse_access_request(request.query, api.clock->wall());
  if (!wanted) return tl::unexpected(wanted.error());
  const std::chrono::minutes offset = offset_of(api, *wanted);
  using store::AccessSlot;
  store::AccessSummaryQuery query{.range = {wanted->from, wanted->to}, .utc_offset = offset, .site = wanted->site};
  query.cuts = {{AccessSlot::kNone, true}, {AccessSlot::kHourOfDay, false}, {AccessSlot::kDayOfWeek, false}};
  // The tables fill meanwhile: the newest are asked first, so that whatever they list is counted in the groups too.
  auto newest = api.store->newest_access_results(wanted->from);
  if (!newest) return tl::unexpected(newest.error());
  const auto summaries = api.store->access_summaries(query);
  if (!summaries) return tl::unexpected(summaries.error());

  JsonWriter json;
  json.begin_object().member("from_unix_ms", wanted->from).member("to_unix_ms", wanted->to);
  json.member("utc_offset_s", std::chrono::seconds(offset).count());
  write_newest(json, *wanted, *newest, summaries->disturbed);
  constexpr std::array kNames = {"groups", "hours", "weekdays"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    write_groups(json, *wanted, kNames[i], query.cuts[i], summaries->cuts[i]);
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
  store::DisturbedTests disturbed;
  if (!rows->empty()) {  // the newest is first
    auto found = api.store->disturbed_tests(
        {rows->back().result.start, rows->front().result.start + std::chrono::milliseconds(1)});
    if (!found) return tl::unexpected(found.error());
    disturbed = std::move(*found);
  }
  JsonWriter json;
  json.begin_object().key("results").begin_array();
  for (store::AccessRow& row : *rows) {
    mark_disturbed(row, disturbed);
    write_access_row(json, row);
  }
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
