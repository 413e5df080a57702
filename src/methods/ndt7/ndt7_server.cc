#include "methods/ndt7/ndt7_server.h"

#include <fmt/format.h>

#include "http/error_response.h"
#include "http/websocket_handshake.h"

namespace gnomon::methods::ndt7 {

std::optional<http::Response> refusal_of(const http::Request& request) {
  const auto question = std::min(request.target.find('?'), request.target.size());
  if (request.target.size() - question > kQueryMost + 1) {
    return http::error_response(400, "invalid_argument",
                                fmt::format("the query string is longer than {} bytes", kQueryMost));
  }
  return http::websocket_refusal(request, kProtocol);
}

http::Response begin_test(const http::Request& request, RunOptions options, const Clock& clock, Random& random,
                          std::function<void(const RunResult&)> done) {
  options.own = http::WebSocketRole::kServer;
  const auto agent = request.headers.get("User-Agent").value_or("");
  const bool is_browser = agent.find("Mozilla/") != agent.npos;
  if (is_browser) options.largest_message = std::min(options.largest_message, kLargestForBrowser);
  return http::accept_websocket(request, kProtocol,
                                [options, &clock, &random, done = std::move(done)](http::ByteStream& stream) {
                                  done(run_transfer(stream, options, clock, random));
                                });
}

}  // namespace gnomon::methods::ndt7
