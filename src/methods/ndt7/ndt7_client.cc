#include "methods/ndt7/ndt7_client.h"

#include <fmt/format.h>

#include "core/version.h"
#include "http/target.h"
#include "http/websocket_client.h"
#include "methods/radio_state.h"

namespace gnomon::methods::ndt7 {

namespace {

using schema::Direction;

http::WebSocketRequest request_for(const ClientOptions& options, const http::WebSocketUrl& url, Direction direction) {
  http::WebSocketRequest request;
  request.target.host = url.host;
  request.target.port = url.port;
  request.target.tls = url.tls;
  request.target.family = options.family;
  request.target.ca_file = options.ca_file;
  request.target.insecure = options.insecure;
  request.path = url.path;
  request.path += direction == Direction::kDown ? kDownloadPath : kUploadPath;
  request.path += fmt::format("?client_name=gnomon&client_version={}", http::percent_encode(version()));
  if (!options.ticket.empty()) request.path += "&ticket=" + http::percent_encode(options.ticket);
  request.protocol = kProtocol;
  request.target.space = options.space;
  request.most_for_answer = options.patience;
  request.cancel = options.run.cancel;
  return request;
}

// What a connection that did not come about was, by the server's status (0: it gave none) and the time that it took.
schema::AccessOutcome outcome_of(const Error& error, unsigned status, Nanoseconds took, Nanoseconds most) {
  if (status != 0) return schema::AccessOutcome::kRefused;
  if (error.code == ErrorCode::kUnavailable && took >= most) return schema::AccessOutcome::kTimedOut;
  return outcome_of_reaching(error.code);
}

}  // namespace

Measured<Ndt7Result> measure(const ClientOptions& options, const Clock& clock, Random& random,
                             const Progress& progress) {
  const auto url = http::parse_websocket_url(options.url);
  if (!url) return tl::unexpected(TestFailure(url.error()));
  Ndt7Result result;
  result.tls = url->tls;
  for (const Direction direction : {Direction::kDown, Direction::kUp}) {
    const bool is_down = direction == Direction::kDown;
    if (!(is_down ? options.download : options.upload)) continue;
    if (progress.asking) progress.asking(direction);
    const auto request = request_for(options, *url, direction);
    const MonotonicTime asked = clock.now();
    unsigned status = 0;
    const auto stream = http::connect_websocket(request, random, &status);
    if (!stream) {
      const auto outcome = outcome_of(stream.error(), status, clock.now() - asked, request.target.most);
      return tl::unexpected(TestFailure(stream.error(), outcome));
    }
    if (progress.begun) progress.begun();
    RunOptions run = options.run;
    run.own = http::WebSocketRole::kClient;
    run.direction = direction;
    auto& done = is_down ? result.download : result.upload;
    done = run_transfer(**stream, run, clock, random, progress.sample);
    if (const auto peer = net::Endpoint::parse(done->peer_endpoint)) {
      const auto radio = net::radio_towards(options.space ? *options.space : *net::host_space(), peer->address);
      if (radio) done->transfer.radio = radio_state(*radio, direction);
    }
  }
  return result;
}

double mean_bits_per_second(const schema::Transfer& transfer) {
  if (transfer.samples.empty() || transfer.samples.back().at <= Nanoseconds{}) return 0;
  const auto& last = transfer.samples.back();
  return static_cast<double>(last.received_bytes) * 8 / std::chrono::duration<double>(last.at).count();
}

}  // namespace gnomon::methods::ndt7
