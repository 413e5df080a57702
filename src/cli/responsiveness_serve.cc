#include "cli/responsiveness_serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <sstream>

#include "cli/exit_code.h"
#include "cli/stop_on_signal.h"
#include "crypto/self_signed.h"
#include "http/endpoint.h"
#include "methods/responsiveness/responsiveness_server.h"

namespace gnomon::cli {
namespace {

using methods::responsiveness::ResponsivenessServer;
using methods::responsiveness::ServerOptions;

Result<std::string> text_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream && !text.str().empty()) return text.str();
  return failure(ErrorCode::kNotFound, "read", file, "cannot be read, or is empty", "name a PEM file");
}

std::string host_name() {
  std::array<char, 254> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0' ? name.data() : "localhost";
}

Status make_certificate(ServerOptions& options) {
  const SystemClock clock;
  std::vector<std::string> names{host_name(), "localhost", "127.0.0.1", "::1"};
  if (options.listen.address != net::Address::any(options.listen.address.family())) {
    names.push_back(net::to_string(options.listen.address));
  }
  auto made = crypto::make_self_signed(names, clock.wall(), std::chrono::hours(24 * 90));
  if (!made) return tl::unexpected(made.error());
  options.tls_certificate = std::move(made->certificate);
  options.tls_key = std::move(made->key);
  fmt::print("no --tls-cert: made a certificate for {} that nobody vouches for; clients need --insecure\n", names[0]);
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
  auto certificate = text_of(asked.tls_certificate);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = text_of(asked.tls_key);
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
