// GET paths, GET paths/{id}.

#include <algorithm>

#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/json_rows.h"
#include "server/path_words.h"

namespace gnomon::server {

namespace {

Result<http::Response> list(const Api& api, const http::Request& request) {
  const auto filter = parse_path_filter(request.query);
  if (!filter) return tl::unexpected(filter.error());
  std::vector<PathView> paths = api.live->paths();
  std::erase_if(paths, [&](const PathView& path) { return !matches(path, *filter); });
  std::ranges::sort(paths, shown_before);
  return http::Response::json(paths_json(paths));
}

analysis::PathMoment moment_of(const PathView& path) {
  analysis::PathMoment moment;
  moment.names = path.identity->names();
  moment.state = path.state;
  moment.since = path.since.value_or(WallTime{});
  moment.sent = path.minute.sent;
  moment.loss_ratio = path.minute.loss_ratio.value_or(0);
  moment.rtt_p50 = path.minute.rtt_p50;
  return moment;
}

Result<http::Response> one(const Api& api, const http::Request& request) {
  const std::string& word = request.parameters.at("id");
  const auto id = parse_path_id(word);
  if (!id) {
    return failure(ErrorCode::kInvalidArgument, "find path", word.substr(0, 64), "an id has 16 hexadecimal digits");
  }
  const auto path = api.live->path(*id);
  if (!path) {
    return failure(ErrorCode::kNotFound, "find path", word, "it was not measured within the last day",
                   "GET /api/v1/paths lists all");
  }
  const PathIdentity& identity = *path->identity;
  JsonWriter json;
  json.begin_object();
  write_path_members(json, *path);
  json.member("measure_by_hand", measure_by_hand(identity, api.region->run_at(identity.source_site, identity.access)));
  json.member("reverse", reverse_of(identity, api.live->paths()));
  json.member("sentence", analysis::moment_text(moment_of(*path), api.zone));
  json.end_object();
  return http::Response::json(json.take());
}

}  // namespace

void add_path_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/paths", http::Access::kViewer,
             [api](const http::Request& request) { return list(api, request); });
  router.get("/api/v1/paths/{id}", http::Access::kViewer,
             [api](const http::Request& request) { return one(api, request); });
}

}  // namespace gnomon::server
