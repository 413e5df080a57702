// GET paths/{id}/series: delay and loss over time, from the store.

#include <algorithm>

#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/json_rows.h"
#include "server/live_tests.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

// A sketch answers within half a percent; what is known exactly bounds it.
std::optional<Nanoseconds> quantile(const DelaySketch& sketch, double q, std::optional<Nanoseconds> least,
                                    std::optional<Nanoseconds> most) {
  auto value = sketch.quantile(q);
  if (value && least) value = std::max(*value, *least);
  if (value && most) value = std::min(*value, *most);
  return value;
}

void write_distribution(JsonWriter& json, std::string_view name, const DelaySketch& sketch,
                        std::optional<Nanoseconds> least, std::optional<Nanoseconds> most,
                        std::optional<std::optional<Nanoseconds>> mean = {}) {
  json.key(name);
  if (sketch.empty()) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("min", least);
  const std::pair<std::string_view, double> ranks[] = {{"p5", 0.05},  {"p25", 0.25}, {"p50", 0.5},
                                                       {"p75", 0.75}, {"p95", 0.95}, {"p99", 0.99}};
  for (const auto& [word, q] : ranks) json.member(word, quantile(sketch, q, least, most));
  json.member("max", most);
  if (mean) json.member("mean", *mean);
  json.end_object();
}

void write_point(JsonWriter& json, const store::Point& point) {
  json.begin_object();
  json.member("start", point.start);
  json.member("duration_ms", std::chrono::floor<std::chrono::milliseconds>(point.span).count());
  json.member("sent", point.sent).member("received", point.received).member("lost", point.lost);
  json.member("duplicated", point.duplicated).member("reordered", point.reordered);
  json.member("lost_forward", point.lost_forward).member("lost_backward", point.lost_backward);
  json.member("reordered_forward", point.reordered_forward).member("reordered_backward", point.reordered_backward);
  json.member("marks", point.marks);
  write_outcome(json, "outcome", point.outcome);
  write_distribution(json, "rtt", point.rtt, point.rtt_min, point.rtt_max, point.rtt_mean);
  write_distribution(json, "forward", point.forward, point.forward_min, point.forward_max);
  write_distribution(json, "backward", point.backward, point.backward_min, point.backward_max);
  json.key("ipdv");
  if (point.ipdv.empty()) {
    json.null();
  } else {
    json.begin_object().member("p50", point.ipdv.quantile(0.5)).member("p95", point.ipdv.quantile(0.95));
    json.member("p99", point.ipdv.quantile(0.99)).end_object();
  }
  json.member("error_bound", point.error_bound).member("clock_bound", point.clock_bound);
  json.end_object();
}

// Raw windows have no grid; their usual length stands for it.
std::int64_t step_ms(const store::SeriesAnswer& answer) {
  const auto ms = [](Nanoseconds length) {
    return std::max<std::int64_t>(1, std::chrono::floor<std::chrono::milliseconds>(length).count());
  };
  if (answer.step > Nanoseconds{}) return ms(answer.step);
  Nanoseconds longest{};
  for (const store::Point& point : answer.points) longest = std::max(longest, point.span);
  return longest > Nanoseconds{} ? ms(longest) : 10'000;
}

// Who measures, and both ends; the rest is left out.
Result<std::optional<PathIdentity>> ends_of(const Api& api, PathId id) {
  if (const auto live = api.live->path(id)) return std::optional(*live->identity);
  const auto known = api.store->path(id);
  if (!known) return tl::unexpected(known.error());
  if (!*known) return std::optional<PathIdentity>();
  PathIdentity ends;
  ends.id = id;
  ends.probe = (*known)->probe;
  ends.source_site = (*known)->source_site;
  ends.target_site = (*known)->target_site;
  ends.access = (*known)->access;
  return std::optional(std::move(ends));
}

// Over longer ranges a point holds so many windows that the mark of one says nothing of it.
constexpr Nanoseconds kMarkedRange = std::chrono::hours(48);
constexpr Nanoseconds kLongestTest = std::chrono::minutes(2);

// What the measuring probe could not know: that another one filled the line at either end (docs/adr/0017).
Status mark_tested(const Api& api, const PathIdentity& ends, store::SeriesAnswer& answer) {
  if (answer.range.to - answer.range.from > kMarkedRange) return {};
  for (const std::string& site : {ends.source_site, ends.target_site}) {
    if (site.empty()) continue;
    store::AccessQuery query;
    query.range = {answer.range.from - kLongestTest, answer.range.to};
    query.either_site = site;
    query.limit = 10'000;
    const auto rows = api.store->access_results(query);
    if (!rows) return tl::unexpected(rows.error());
    for (const store::AccessRow& row : *rows) {
      const auto test = known_test(row.site, row.result);
      if (!test || !concerns(*test, ends)) continue;
      // Points are in the order of time.
      auto point = std::ranges::partition_point(
          answer.points, [&](const store::Point& one) { return one.start + one.span <= test->from; });
      for (; point != answer.points.end() && point->start < test->to; ++point)
        point->marks |= schema::kMarkCapacityTest;
    }
  }
  return {};
}

void write_marks(JsonWriter& json, const std::vector<Change>& changes) {
  json.key("marks").begin_array();
  for (const Change& change : changes) {
    json.begin_object().member("unix_ms", change.at).member("kind", to_string(change.kind));
    json.member("text", change.text).end_object();
  }
  json.end_array();
}

Result<http::Response> series(const Api& api, const http::Request& request) {
  const std::string& word = request.parameters.at("id");
  const auto id = parse_path_id(word);
  if (!id) {
    return failure(ErrorCode::kInvalidArgument, "find path", word.substr(0, 64), "an id has 16 hexadecimal digits");
  }
  const auto wanted = parse_series_request(request.query, api.clock->wall());
  if (!wanted) return tl::unexpected(wanted.error());
  const auto ends = ends_of(api, *id);
  if (!ends) return tl::unexpected(ends.error());
  if (!*ends) return failure(ErrorCode::kNotFound, "find path", word, "it was never measured");
  store::SeriesQuery query;
  query.path = *id;
  query.range = {wanted->from, wanted->to};
  query.max_points = wanted->points;
  auto answer = api.store->series(query);
  if (!answer) return tl::unexpected(answer.error());
  if (auto marked = mark_tested(api, **ends, *answer); !marked) return tl::unexpected(marked.error());
  JsonWriter json;
  json.begin_object().member("id", *id);
  json.member("from", answer->range.from).member("to", answer->range.to);
  json.member("step_ms", step_ms(*answer)).member("level", to_string(answer->level));
  json.key("points").begin_array();
  for (const store::Point& point : answer->points) write_point(json, point);
  json.end_array();
  write_marks(json, api.changes->about(*id, (*ends)->probe, answer->range.from, answer->range.to));
  json.end_object();
  return http::Response::json(json.take());
}

}  // namespace

void add_series_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/paths/{id}/series", http::Access::kViewer,
             [api](const http::Request& request) { return series(api, request); });
}

}  // namespace gnomon::server
