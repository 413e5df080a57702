// GET live.

#include <charconv>

#include "server/api_routes.h"

namespace gnomon::server {

namespace {

// What is no number of ours is as good as none: the client gets everything from now on.
std::optional<std::uint64_t> last_event_id(const http::Request& request) {
  const auto text = request.headers.get("Last-Event-ID");
  if (!text) return std::nullopt;
  std::uint64_t id = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc{} || stop != text->data() + text->size()) return std::nullopt;
  return id;
}

}  // namespace

void add_live_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/live", http::Access::kViewer, [api](const http::Request& request) -> Result<http::Response> {
    auto stream = api.feed->subscribe(last_event_id(request));
    if (!stream) {
      return failure(ErrorCode::kUnavailable, "follow live", "", "too many clients follow already", "try again later");
    }
    return http::Response::events(std::move(stream));
  });
}

}  // namespace gnomon::server
