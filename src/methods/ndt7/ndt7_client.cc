#include "methods/ndt7/ndt7_client.h"

#include <fmt/format.h>

#include "core/version.h"
#include "http/target.h"
#include "http/websocket_client.h"

namespace gnomon::methods::ndt7 {

namespace {

using schema::Direction;

http::WebSocketRequest request_for(const ClientOptions& options, const http::WebSocketUrl& url, Direction direction) {
  http::WebSocketRequest request;
  request.target = {url.host, url.port, url.tls, options.family, options.ca_file, options.insecure};
  request.path = url.path;
  request.path += direction == Direction::kDown ? kDownloadPath : kUploadPath;
  request.path += fmt::format("?client_name=gnomon&client_version={}", http::percent_encode(version()));
  if (!options.ticket.empty()) request.path += "&ticket=" + http::percent_encode(options.ticket);
  request.protocol = kProtocol;
  return request;
}

}  // namespace

Result<Ndt7Result> measure(const ClientOptions& options, const Clock& clock, Random& random, const Progress& progress) {
  const auto url = http::parse_websocket_url(options.url);
  if (!url) return tl::unexpected(url.error());
  Ndt7Result result;
  result.tls = url->tls;
  for (const Direction direction : {Direction::kDown, Direction::kUp}) {
    const bool is_down = direction == Direction::kDown;
    if (!(is_down ? options.download : options.upload)) continue;
    if (progress.asking) progress.asking(direction);
    const auto stream = http::connect_websocket(request_for(options, *url, direction), random);
    if (!stream) return tl::unexpected(stream.error());
    RunOptions run = options.run;
    run.own = http::WebSocketRole::kClient;
    run.direction = direction;
    (is_down ? result.download : result.upload) = run_transfer(**stream, run, clock, random, progress.sample);
  }
  return result;
}

double mean_bits_per_second(const schema::Transfer& transfer) {
  if (transfer.samples.empty() || transfer.samples.back().at <= Nanoseconds{}) return 0;
  const auto& last = transfer.samples.back();
  return static_cast<double>(last.received_bytes) * 8 / std::chrono::duration<double>(last.at).count();
}

}  // namespace gnomon::methods::ndt7
