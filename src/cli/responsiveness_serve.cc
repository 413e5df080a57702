#include "cli/responsiveness_serve.h"

#include <fmt/format.h>

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "cli/exit_code.h"
#include "cli/speed_certificate.h"
#include "cli/speed_service.h"
#include "cli/stop_on_signal.h"
#include "http/endpoint.h"
#include "methods/responsiveness/responsiveness_server.h"

namespace gnomon::cli {
namespace {

using methods::responsiveness::ResponsivenessServer;
using methods::responsiveness::ServerOptions;

Status make_certificate(ServerOptions& options) {
  auto made = make_speed_certificate(options.listen.address);
  if (!made) return tl::unexpected(made.error());
  options.tls_certificate = std::move(made->certificate);
  options.tls_key = std::move(made->key);
  fmt::print("no --tls-cert: made a certificate for {} that nobody vouches for; clients need --insecure\n",
             own_host_name());
  return {};
}

Result<ServerOptions> options_of(const ResponsivenessServe& asked) {
  ServerOptions options;
  const auto listen = http::parse_endpoint(asked.listen);
  if (!listen) return tl::unexpected(listen.error());
  options.listen = {net::Address::parse(listen->address).value_or(net::Address{}), listen->port};
  if (asked.tls_certificate.empty()) {
    if (Status made = make_certificate(options); !made) return tl::unexpected(made.error());
    return options;
  }
  auto certificate = read_text_file(asked.tls_certificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = read_text_file(asked.tls_key);
  if (!key) return tl::unexpected(key.error());
  options.tls_certificate = *std::move(certificate);
  options.tls_key = *std::move(key);
  return options;
}

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, stop, [] { return false; });
}

}  // namespace

int serve_responsiveness(const ResponsivenessServe& asked) {
  const StopOnSignal stop;
  const auto options = options_of(asked);
  if (!options) return report(options.error());
  const SystemClock clock;
  methods::SpeedQueue queue(clock);
  const auto server = ResponsivenessServer::start(*options, queue, clock);
  if (!server) return report(server.error());
  fmt::print("responsiveness server on {}; Ctrl-C stops\n", net::to_string((*server)->endpoint()));
  std::fflush(stdout);
  wait_for(stop.token());
  const auto counters = (*server)->counters();
  fmt::print("{} requests on {} connections, {} refused for want of a place, {} transfers cut at their time limit\n",
             counters.requests, counters.connections_accepted, counters.connections_refused, counters.transfers_cut);
  return 0;
}

}  // namespace gnomon::cli
