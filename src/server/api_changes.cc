// GET changes.

#include "server/api_query.h"
#include "server/api_routes.h"
#include "server/change_file.h"
#include "server/json_writer.h"

namespace gnomon::server {

void add_change_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/changes", http::Access::kViewer, [api](const http::Request& request) -> Result<http::Response> {
    const auto wanted = parse_changes_request(request.query);
    if (!wanted) return tl::unexpected(wanted.error());
    JsonWriter json;
    json.begin_object().key("changes").begin_array();
    for (const Change& change : api.changes->list(wanted->limit, wanted->before)) json.raw(change_json(change));
    json.end_array().end_object();
    return http::Response::json(json.take());
  });
}

}  // namespace gnomon::server
