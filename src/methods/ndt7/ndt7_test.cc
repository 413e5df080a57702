// Client against server in one process, over ws and wss, and peers that misbehave.
#include <future>
#include <thread>

#include "http/raw_connection_for_test.h"
#include "http/server.h"
#include "http/tls_files_for_test.h"
#include "http/websocket.h"
#include "http/websocket_client.h"
#include "methods/ndt7/ndt7_client.h"
#include "methods/ndt7/ndt7_server.h"

namespace gnomon::methods::ndt7 {
namespace {

using schema::Direction;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class Ndt7Test : public testing::Test {
 protected:
  Ndt7Test() {
    terms_.length = milliseconds(400);
    terms_.measure_every = milliseconds(20);
    for (const Direction direction : {Direction::kDown, Direction::kUp}) {
      const auto path = direction == Direction::kDown ? kDownloadPath : kUploadPath;
      router_.add({.method = http::Method::kGet,
                   .pattern = std::string(path),
                   .access = http::Access::kPublic,
                   .handler =
                       [this, direction](const http::Request& request) {
                         if (auto refusal = refusal_of(request)) return std::move(*refusal);
                         RunOptions run = terms_;
                         run.direction = direction;
                         return begin_test(request, run, clock_, random_,
                                           [this](const RunResult& result) { done_.set_value(result); });
                       },
                   .async = {},
                   .upgrade_to = "websocket"});
    }
    options_.listen = "127.0.0.1:0";
  }
  void start(bool tls = false) {
    if (tls) {
      options_.tls_certificate = files_.certificate();
      options_.tls_key = files_.key();
    }
    server_ = http::Server::start(options_, router_).value();
  }
  ClientOptions client(Direction direction) {
    ClientOptions options;
    options.url = server_->url();
    options.ca_file = files_.certificate();
    options.download = direction == Direction::kDown;
    options.upload = direction == Direction::kUp;
    options.run.length = milliseconds(400);
    options.run.measure_every = milliseconds(20);
    return options;
  }
  std::string exchange(const std::string& target, const std::string& headers) {
    http::RawConnection raw(server_->port());
    raw.send("GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
    return raw.read_until("\r\n");
  }

  http::TlsFiles files_;
  SystemClock clock_;
  SystemRandom random_;
  RunOptions terms_;
  http::Router router_;
  http::ServerOptions options_;
  std::promise<RunResult> done_;
  std::unique_ptr<http::Server> server_;
};

const std::string kUpgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kNdt7 = "Sec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n";

void expect_series(const schema::Transfer& transfer, Direction direction) {
  EXPECT_EQ(transfer.direction, direction);
  ASSERT_GE(transfer.samples.size(), 5U);
  for (std::size_t i = 1; i < transfer.samples.size(); ++i) {
    EXPECT_GT(transfer.samples[i].at, transfer.samples[i - 1].at);
    EXPECT_GE(transfer.samples[i].received_bytes, transfer.samples[i - 1].received_bytes);
  }
  EXPECT_GT(transfer.samples.back().received_bytes, 1'000'000U);
  const auto knows = [&](auto member) {
    return std::ranges::count_if(transfer.samples, [&](const auto& sample) { return (sample.*member).has_value(); });
  };
  EXPECT_GT(knows(&schema::TransferSample::tcp), 2);
  EXPECT_GT(knows(&schema::TransferSample::sender_cpu), 2);
  EXPECT_GT(knows(&schema::TransferSample::receiver_cpu), 2);
}

struct Way {
  bool tls;
  Direction direction;
};
class Ndt7Both : public Ndt7Test, public testing::WithParamInterface<Way> {};
TEST_P(Ndt7Both, EndsAgreeOnWhatWentOver) {
  const auto [tls, direction] = GetParam();
  start(tls);
  const auto measured = measure(client(direction), clock_, random_);
  ASSERT_TRUE(measured.has_value()) << measured.error().message();
  EXPECT_EQ(measured->tls, tls);
  const bool is_down = direction == Direction::kDown;
  const auto& mine = is_down ? measured->download : measured->upload;
  ASSERT_TRUE(mine.has_value());
  const RunResult theirs = done_.get_future().get();
  EXPECT_EQ(mine->end, RunEnd::kDone) << mine->fault;
  EXPECT_EQ(theirs.end, RunEnd::kDone) << theirs.fault;
  EXPECT_EQ(mine->bytes, theirs.bytes);
  expect_series(mine->transfer, direction);
  expect_series(theirs.transfer, direction);
  // The receiver's last figure has reached the sender.
  EXPECT_EQ(mine->transfer.samples.back().received_bytes, mine->bytes);
  EXPECT_GE(mine->elapsed, milliseconds(350));
  EXPECT_GT(mean_bits_per_second(mine->transfer), 1e6);
  ASSERT_TRUE(mine->peer && mine->peer->connection);
  EXPECT_EQ(mine->peer->connection->client, mine->own_endpoint);
  EXPECT_EQ(mine->peer->connection->server, mine->peer_endpoint);
  EXPECT_FALSE(theirs.peer && theirs.peer->connection) << "clients must not send ConnectionInfo";
}
INSTANTIATE_TEST_SUITE_P(Over, Ndt7Both,
                         testing::Values(Way{false, Direction::kDown}, Way{false, Direction::kUp},
                                         Way{true, Direction::kDown}, Way{true, Direction::kUp}),
                         [](const auto& one) {
                           return fmt::format("{}_{}", one.param.tls ? "wss" : "ws",
                                              one.param.direction == Direction::kDown ? "down" : "up");
                         });

TEST_F(Ndt7Test, RefusesWhatTheSpecificationRefuses) {
  start();
  EXPECT_THAT(exchange("/ndt/v7/download", kUpgrade), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(exchange("/ndt/v7/download", ""), StartsWith("HTTP/1.1 426 "));
  EXPECT_THAT(exchange("/ndt/v7/download?a=%zz", kUpgrade + kNdt7), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(exchange("/ndt/v7/download?a=" + std::string(4095, 'x'), kUpgrade + kNdt7), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(exchange("/ndt/v7/download?empty&a=1&a=" + std::string(4000, 'x'), kUpgrade + kNdt7),
              StartsWith("HTTP/1.1 101 "));
}

TEST_F(Ndt7Test, APeerThatGoesEndsTheTestAtOnce) {
  start();
  {
    http::RawConnection raw(server_->port());
    raw.send("GET /ndt/v7/upload HTTP/1.1\r\nHost: a\r\n" + kUpgrade + kNdt7 + "\r\n");
    EXPECT_THAT(raw.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101 "));
    raw.send(std::string("\x82\xfe\x04\x00mask", 8) + std::string(1024, 'x'));
    raw.end_sending();
    raw.read_all();
  }
  const RunResult result = done_.get_future().get();
  EXPECT_EQ(result.end, RunEnd::kBroken);
  EXPECT_THAT(result.fault, HasSubstr("without a closing handshake"));
  EXPECT_EQ(result.bytes, 1024U);
}

TEST_F(Ndt7Test, ASilentPeerIsLetGo) {
  terms_.idle_after = milliseconds(50);
  start();
  http::RawConnection raw(server_->port());
  raw.send("GET /ndt/v7/upload HTTP/1.1\r\nHost: a\r\n" + kUpgrade + kNdt7 + "\r\n");
  EXPECT_THAT(raw.read_all(), HasSubstr("idle"));
  EXPECT_EQ(done_.get_future().get().end, RunEnd::kIdle);
}

TEST_F(Ndt7Test, APeerThatNeverEndsIsEnded) {
  terms_.length = milliseconds(50);
  terms_.grace = milliseconds(50);
  terms_.killed_after = milliseconds(150);
  start();
  http::RawConnection raw(server_->port());
  raw.send("GET /ndt/v7/upload HTTP/1.1\r\nHost: a\r\n" + kUpgrade + kNdt7 + "\r\n");
  const std::string message = std::string("\x82\xfe\x04\x00mask", 8) + std::string(1024, 'x');
  while (raw.send(message)) {
  }
  EXPECT_EQ(done_.get_future().get().end, RunEnd::kKilled);
}

TEST_F(Ndt7Test, BinaryMessagesAgainstTheDirectionEndTheTest) {
  terms_.idle_after = milliseconds(300);
  start();
  http::RawConnection raw(server_->port());
  raw.send("GET /ndt/v7/download HTTP/1.1\r\nHost: a\r\n" + kUpgrade + kNdt7 + "\r\n");
  raw.read_until("\r\n\r\n");
  raw.send(std::string("\x82\x81maskx", 7));
  EXPECT_THAT(raw.read_all(), HasSubstr("\x03\xeb"
                                        "binary messages go the other way"));
}

TEST_F(Ndt7Test, ABrowserGetsSmallerMessages) {
  terms_.idle_after = milliseconds(300);
  start();
  http::RawConnection raw(server_->port());
  raw.send("GET /ndt/v7/download HTTP/1.1\r\nHost: a\r\nUser-Agent: Mozilla/5.0\r\n" + kUpgrade + kNdt7 + "\r\n");
  raw.read_until("\r\n\r\n");
  const std::string all = raw.read_all();
  http::WebSocketReader reader(http::WebSocketRole::kClient, {.binary_bytes = kLargestForBrowser});
  auto bytes = std::as_bytes(std::span(all));
  std::optional<http::WebSocketEvent> event;
  while (!bytes.empty() && (!event || event->kind != http::WebSocketEvent::Kind::kClose)) {
    const std::size_t taken = reader.take(bytes, event);
    ASSERT_TRUE(!event || event->kind != http::WebSocketEvent::Kind::kBroken) << event->text;
    bytes = bytes.subspan(taken);
  }
  EXPECT_EQ(event->kind, http::WebSocketEvent::Kind::kClose);
}

TEST(Ndt7Spec, MessagesGrowWithWhatWasSent) {
  EXPECT_EQ(next_message_size(kFirstMessage, 0, kLargestMessage), kFirstMessage);
  EXPECT_EQ(next_message_size(kFirstMessage, 16 * kFirstMessage, kLargestMessage), kFirstMessage);
  EXPECT_EQ(next_message_size(kFirstMessage, 16 * kFirstMessage + 16, kLargestMessage), 2 * kFirstMessage);
  EXPECT_EQ(next_message_size(kLargestForBrowser, 1ULL << 40, kLargestForBrowser), kLargestForBrowser);
}

}  // namespace
}  // namespace gnomon::methods::ndt7
