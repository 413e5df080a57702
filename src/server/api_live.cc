// GET live.

#include <charconv>

#include "server/api_query.h"
#include "server/api_routes.h"

namespace gnomon::server {

namespace {

// What is no number of ours is as good as none: the client gets everything from now on. A page that changes what it
// listens to opens a new stream, which cannot carry the header, so the query may say it too.
std::optional<std::uint64_t> last_event_id(const http::Request& request) {
  std::optional<std::string> text;
  if (const auto header = request.headers.get("Last-Event-ID")) text = std::string(*header);
  if (const auto asked = request.query.find("after"); !text && asked != request.query.end()) text = asked->second;
  if (!text) return std::nullopt;
  std::uint64_t id = 0;
  const auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc{} || stop != text->data() + text->size()) return std::nullopt;
  return id;
}

}  // namespace

void add_live_routes(http::Router& router, const Api& api) {
  router.get("/api/v1/live", http::Access::kViewer, [api](const http::Request& request) -> Result<http::Response> {
    auto interest = parse_live_interest(request.query);
    if (!interest) return tl::unexpected(interest.error());
    auto stream = api.feed->subscribe(std::move(*interest), last_event_id(request));
    if (!stream) {
      return failure(ErrorCode::kUnavailable, "follow live", "", "too many clients follow already", "try again later");
    }
    return http::Response::events(std::move(stream));
  });
}

}  // namespace gnomon::server
