#include "methods/responsiveness/responsiveness_server.h"

#include "methods/responsiveness/load_turns.h"
#include "methods/responsiveness/own_config.h"
#include "net/open_files.h"

namespace gnomon::methods::responsiveness {
namespace {

constexpr std::uint64_t kLargeSize = 16'000'000'000;  // bytes; the draft asks for at least 8 GB
constexpr std::string_view kBytes = "application/octet-stream";

http::H2Answer refusal(int status) {
  http::H2Answer answer;
  answer.status = status;
  return answer;
}

}  // namespace

class ResponsivenessServer::Service final : public http::H2Service {
 public:
  Service(const ServerOptions& options, SpeedQueue& queue, const Clock& clock)
      : options_(options),
        turns_(queue, clock,
               {.most_of_turn = options.most_of_turn, .flows = options.flows_of_turn, .where = options.space}) {}

  http::H2Answer on_request(const http::H2Head& head, const net::Address& peer) override {
    const std::string_view path = std::string_view(head.path).substr(0, head.path.find('?'));
    const bool get = head.method == "GET";
    if (path == kUploadPath) return head.method == "POST" || head.method == "PUT" ? upload(peer) : refusal(405);
    if (path == kSmallPath) return get ? small() : refusal(405);
    if (path == kLargePath) return get ? large(peer) : refusal(405);
    if (path == kWellKnownPath) return get ? configuration(head) : refusal(405);
    return refusal(404);
  }

  void on_tick(MonotonicTime) override { turns_.tidy(); }

 private:
  static http::H2Answer small() {
    http::H2Answer answer;
    answer.fields = {{"content-type", std::string(kBytes)}, {"content-length", "1"}};
    answer.body.text = "x";
    return answer;
  }

  http::H2Answer configuration(const http::H2Head& head) const {
    auto config = own_config(head.authority, !options_.tls_certificate.empty());
    if (!config) return refusal(400);
    if (!options_.test_endpoint.empty()) config->test_endpoint = options_.test_endpoint;
    http::H2Answer answer;
    answer.body.text = encode_nq_config(*config);
    answer.fields = {{"content-type", "application/json"},
                     {"content-length", std::to_string(answer.body.text.size())},
                     {"cache-control", "no-store"}};
    return answer;
  }

  http::H2Answer filling(const net::Address& peer, http::H2Answer answer) {
    std::chrono::seconds again{1};
    auto flow = turns_.begin(peer, again);
    if (!flow) {
      auto refused = refusal(503);
      refused.fields.add("retry-after", std::to_string(again.count()));
      return refused;
    }
    answer.held = std::move(*flow);
    answer.time_limit = options_.most_of_transfer;
    return answer;
  }

  http::H2Answer large(const net::Address& peer) {
    http::H2Answer answer;
    answer.fields = {{"content-type", std::string(kBytes)},
                     {"content-length", std::to_string(kLargeSize)},
                     {"cache-control", "no-store"}};
    answer.body.generated = kLargeSize;
    return filling(peer, std::move(answer));
  }

  http::H2Answer upload(const net::Address& peer) {
    http::H2Answer answer;
    answer.after_body = true;
    answer.fields = {{"content-length", "0"}};
    return filling(peer, std::move(answer));
  }

  const ServerOptions options_;
  LoadTurns turns_;
};

Result<std::unique_ptr<ResponsivenessServer>> ResponsivenessServer::start(const ServerOptions& options,
                                                                          SpeedQueue& queue, const Clock& clock) {
  if (!options.test_endpoint.empty()) {
    const auto url = decode_nq_url("https://" + options.test_endpoint);
    if (!url || url->path != "/") {
      return failure(ErrorCode::kInvalidArgument, "read test endpoint", options.test_endpoint, "is no host name",
                     "give a host that clients can resolve");
    }
  }
  std::optional<http::H2Tls> tls;
  if (!options.tls_certificate.empty() || !options.tls_key.empty()) {
    auto made = http::H2Tls::server(options.tls_certificate, options.tls_key);
    if (!made) return tl::unexpected(made.error());
    tls = std::move(*made);
  }
  http::H2ServerLimits limits = options.limits;
  limits.connections = std::min<std::size_t>(limits.connections, net::raise_open_files() / 2);
  auto service = std::make_unique<Service>(options, queue, clock);
  auto server = http::H2Server::start(options.listen, std::move(tls), limits, *service, clock, *options.space);
  if (!server) return tl::unexpected(server.error());
  return std::unique_ptr<ResponsivenessServer>(new ResponsivenessServer(std::move(service), std::move(*server)));
}

ResponsivenessServer::ResponsivenessServer(std::unique_ptr<Service> service, std::unique_ptr<http::H2Server> server)
    : service_(std::move(service)), server_(std::move(server)) {}
ResponsivenessServer::~ResponsivenessServer() {
  stop();
}
net::Endpoint ResponsivenessServer::endpoint() const {
  return server_->endpoint();
}
http::H2ServerCounters ResponsivenessServer::counters() const {
  return server_->counters();
}
void ResponsivenessServer::stop() {
  server_->stop();
}

}  // namespace gnomon::methods::responsiveness
