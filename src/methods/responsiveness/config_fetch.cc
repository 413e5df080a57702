#include "methods/responsiveness/config_fetch.h"

#include <algorithm>

namespace gnomon::methods::responsiveness {
namespace {

constexpr Nanoseconds kMost = std::chrono::seconds(5);
constexpr Nanoseconds kLook = std::chrono::milliseconds(100);

class Fetch final : public Watched, private http::H2Events {
 public:
  Fetch(const http::H2Peer& peer, const NqUrl& url, const http::H2Tls* tls, net::SocketSpace& space, const Clock& clock)
      : path_(url.path) {
    auto opened = http::H2Client::open(space, peer, tls, clock, *this);
    if (opened) {
      client_ = std::move(*opened);
    } else {
      fault = opened.error();
    }
  }

  [[nodiscard]] int fd() const override { return client_->fd(); }
  [[nodiscard]] bool wants_write() const override { return client_->wants_write(); }
  void on_ready(MonotonicTime at) override {
    Status moved = client_->advance(at);
    if (moved && client_->is_ready() && !std::exchange(asked_, asked_ || client_->is_ready())) {
      if (auto stream = client_->get(path_); !stream) moved = tl::unexpected(stream.error());
      if (moved) moved = client_->flush();
    }
    if (!moved) fault = moved.error();
    if (moved && client_->is_over()) closed = true;
  }

  std::optional<Error> fault;
  int status = 0;
  bool ended = false, closed = false, too_long = false;
  std::vector<std::byte> body;

 private:
  void on_head(http::H2Stream, const http::H2Head& head) override { status = head.status; }
  void on_body(http::H2Stream, std::span<const std::byte> bytes) override {
    too_long = too_long || body.size() + bytes.size() > kConfigLimit;
    if (!too_long) body.insert(body.end(), bytes.begin(), bytes.end());
  }
  void on_end(http::H2Stream) override { ended = true; }
  void on_closed(http::H2Stream, bool) override { closed = true; }

  const std::string path_;
  bool asked_ = false;
  std::unique_ptr<http::H2Client> client_;
};

Result<NqConfig> config_in(const Fetch& fetch, const NqUrl& url) {
  if (fetch.status != 200) {
    return failure(ErrorCode::kUnsupported, "read configuration", url.text(),
                   fmt::format("the server answered {}", fetch.status), "does a responsiveness server run there?");
  }
  auto config = decode_nq_config(fetch.body);
  if (config) return *std::move(config);
  return failure(ErrorCode::kCorrupt, "read configuration", url.text(),
                 fmt::format("{}, at byte {}", config.error().reason, config.error().offset),
                 "the draft tells clients to ignore such a configuration");
}

tl::unexpected<TestFailure> not_fetched(Error error) {
  const auto outcome = outcome_of_reaching(error.code);
  return tl::unexpected(TestFailure(std::move(error), outcome));
}

Measured<NqConfig> fetch_from(const net::Address& address, const NqUrl& url, const http::H2Tls* tls,
                              net::SocketSpace& space, const Clock& clock, const std::stop_token& stop) {
  auto loop = ReadyLoop::create(clock);
  if (!loop) return tl::unexpected(TestFailure(loop.error()));
  const http::H2Peer peer{{address, url.port}, url.host, url.authority()};
  Fetch fetch(peer, url, tls, space, clock);
  if (!fetch.fault) loop->watch(fetch);
  const auto end = clock.now() + kMost;
  while (!fetch.fault && !fetch.ended && !fetch.closed && !fetch.too_long) {
    if (stop.stop_requested()) {
      return tl::unexpected(
          TestFailure(failure(ErrorCode::kUnavailable, "measure responsiveness", url.host, "stopped").value()));
    }
    if (clock.now() >= end) {
      return tl::unexpected(
          TestFailure(failure(ErrorCode::kUnavailable, "reach", net::to_string(peer.endpoint), "no answer in 5 s",
                              "is the server running, and does a firewall let it pass?")
                          .value(),
                      schema::AccessOutcome::kTimedOut));
    }
    loop->wait(std::min(end, clock.now() + kLook));
  }
  if (fetch.fault) {
    auto error = *fetch.fault;
    if (error.reason == "the peer does not speak HTTP/2") error.code = ErrorCode::kUnsupported;
    return not_fetched(std::move(error));
  }
  if (!fetch.ended && !fetch.too_long) {
    return not_fetched(failure(ErrorCode::kUnsupported, "read configuration", url.text(),
                               "the server closed the connection", "does it speak HTTP/2?")
                           .value());
  }
  auto config = config_in(fetch, url);
  if (!config) return not_fetched(config.error());
  return *std::move(config);
}

}  // namespace

Measured<Fetched> fetch_config(const NqUrl& url, const std::vector<net::Address>& addresses, const http::H2Tls* tls,
                               net::SocketSpace& space, const Clock& clock, const std::stop_token& stop) {
  std::optional<TestFailure> last;
  for (const auto& address : addresses) {
    auto config = fetch_from(address, url, tls, space, clock, stop);
    if (config) return Fetched{*std::move(config), address};
    // Another address helps against a server that is not reached, not against one that answers wrongly.
    if (config.error().code != ErrorCode::kUnavailable || stop.stop_requested()) return tl::unexpected(config.error());
    last = config.error();
  }
  return tl::unexpected(*last);
}

}  // namespace gnomon::methods::responsiveness
