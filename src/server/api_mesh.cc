// GET mesh: one figure for every pair of sites; the last minute from memory, longer from the store.

#include <algorithm>
#include <map>
#include <set>

#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/json_rows.h"
#include "server/path_words.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

struct Cell {
  PathId path;
  std::optional<double> value;
  std::uint64_t sent = 0;
  PathState state = PathState::kUnknown;
};

using Pair = std::pair<std::string, std::string>;

std::optional<double> number(std::optional<Nanoseconds> delay) {
  if (!delay) return std::nullopt;
  return static_cast<double>(delay->count());
}

void take_minute(Cell& cell, const MinuteFigures& minute, Figure figure) {
  cell.sent = minute.sent;
  switch (figure) {
    case Figure::kRttP50:
      cell.value = number(minute.rtt_p50);
      break;
    case Figure::kRttP99:
      cell.value = number(minute.rtt_p99);
      break;
    case Figure::kLossRatio:
      cell.value = minute.loss_ratio;
      break;
  }
}

void take_point(Cell& cell, const store::Point& point, Figure figure) {
  cell.sent = point.sent;
  cell.value = std::nullopt;
  switch (figure) {
    case Figure::kRttP50:
      cell.value = number(point.rtt.quantile(0.5));
      break;
    case Figure::kRttP99:
      cell.value = number(point.rtt.quantile(0.99));
      break;
    case Figure::kLossRatio:
      if (point.sent > 0) cell.value = static_cast<double>(point.lost) / static_cast<double>(point.sent);
      break;
  }
}

// The worse of two paths between the same sites: by state, then by value.
bool is_worse(const Cell& a, const Cell& b) {
  if (badness(a.state) != badness(b.state)) return badness(a.state) > badness(b.state);
  return a.value.value_or(-1) > b.value.value_or(-1);
}

std::vector<std::string> ordered_sites(const Api& api, const std::map<Pair, Cell>& cells) {
  std::set<std::string> used;
  for (const auto& [pair, cell] : cells) used.insert({pair.first, pair.second});
  std::vector<std::string> sites;
  for (const RegionSite& site : api.region->snapshot().sites) {
    if (used.erase(site.id) > 0) sites.push_back(site.id);
  }
  sites.insert(sites.end(), used.begin(), used.end());
  return sites;
}

Result<std::map<PathId, store::Point>> stored(const Api& api, const MeshRequest& wanted, std::vector<PathId> paths) {
  std::map<PathId, store::Point> points;
  if (wanted.minutes <= 1 || paths.empty()) return points;
  const WallTime now = api.clock->wall();
  const unsigned sketches = wanted.figure == Figure::kLossRatio ? store::kNoSketches : store::kRtt;
  auto sums = api.store->summaries({std::move(paths), {now - std::chrono::minutes(wanted.minutes), now}, sketches});
  if (!sums) return tl::unexpected(sums.error());
  for (store::PathPoint& item : *sums) points.emplace(item.path, std::move(item.point));
  return points;
}

Result<std::map<Pair, Cell>> cells_of(const Api& api, const MeshRequest& wanted) {
  std::vector<PathView> paths = api.live->paths();
  std::erase_if(paths, [&](const PathView& path) {
    return path.identity->method != wanted.method || path.identity->family != wanted.family;
  });
  std::vector<PathId> ids;
  for (const PathView& path : paths) ids.push_back(path.identity->id);
  const auto points = stored(api, wanted, std::move(ids));
  if (!points) return tl::unexpected(points.error());
  std::map<Pair, Cell> cells;
  for (const PathView& path : paths) {
    const PathIdentity& identity = *path.identity;
    Cell cell;
    cell.path = identity.id;
    cell.state = path.state;
    take_minute(cell, path.minute, wanted.figure);
    const auto point = points->find(identity.id);
    if (point != points->end()) take_point(cell, point->second, wanted.figure);
    const Pair pair{identity.source_site.empty() ? identity.vantage() : identity.source_site,
                    identity.target_site.empty() ? identity.target : identity.target_site};
    const auto [entry, fresh] = cells.try_emplace(pair, cell);
    if (!fresh && is_worse(cell, entry->second)) entry->second = cell;
  }
  return cells;
}

Result<http::Response> mesh(const Api& api, const http::Request& request) {
  const auto wanted = parse_mesh_request(request.query);
  if (!wanted) return tl::unexpected(wanted.error());
  const auto cells = cells_of(api, *wanted);
  if (!cells) return tl::unexpected(cells.error());
  JsonWriter json;
  json.begin_object();
  json.member("figure", to_string(wanted->figure)).member("family", wanted->family);
  json.member("method", wanted->method).member("minutes", wanted->minutes);
  json.key("sites").begin_array();
  for (const std::string& site : ordered_sites(api, *cells)) json.value(site);
  json.end_array();
  json.key("cells").begin_array();
  for (const auto& [pair, cell] : *cells) {
    json.begin_object().member("source", pair.first).member("target", pair.second).member("path", cell.path);
    json.member("value", cell.value).member("sent", cell.sent);
    json.member("state", analysis::to_string(cell.state)).end_object();
  }
  json.end_array().end_object();
  return http::Response::json(json.take());
}

}  // namespace

void add_mesh_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/mesh", http::Access::kViewer, [api](const http::Request& request) { return mesh(api, request); });
}

}  // namespace gnomon::server
