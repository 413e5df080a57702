#include "server/ledger_routes.h"

namespace gnomon::server {

namespace {

using http::Request;
using http::Response;

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kBytes = "application/octet-stream";
constexpr std::string_view kChanges = "no-cache";
constexpr std::string_view kNeverChanges = "public, max-age=31536000, immutable";

Result<Response> answer(const LedgerResource& resource, const std::string& name, std::string_view type,
                        std::string_view caching) {
  auto bytes = resource(name);
  if (!bytes) return tl::unexpected(bytes.error());
  auto response = Response::text(std::move(*bytes), type);
  response.headers.set("Cache-Control", caching);
  return response;
}

}  // namespace

void add_ledger_routes(http::Router& router, LedgerResource resource, http::Access access) {
  router.get("/ledger/checkpoint", access,
             [resource](const Request&) { return answer(resource, "checkpoint", kText, kChanges); });
  router.get("/ledger/key", access, [resource](const Request&) { return answer(resource, "key", kText, kChanges); });
  router.get("/ledger/tile/{tile...}", access, [resource](const Request& request) {
    return answer(resource, "tile/" + request.parameters.at("tile"), kBytes, kNeverChanges);
  });
}

}  // namespace gnomon::server
