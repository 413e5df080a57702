// Connections that a route takes over: over raw sockets, and a WebSocket against itself, plain and over TLS.
#include <future>

#include "http/client.h"
#include "http/raw_connection_for_test.h"
#include "http/server.h"
#include "http/tls_files_for_test.h"
#include "http/websocket.h"
#include "http/websocket_client.h"
#include "http/websocket_handshake.h"

namespace gnomon::http {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kUpgrade =
    "Host: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: other, test\r\n";

class UpgradeTest : public testing::Test {
 protected:
  UpgradeTest() {
    router_.add({.method = Method::kGet,
                 .pattern = "/ws",
                 .access = Access::kPublic,
                 .handler =
                     [this](const Request& request) {
                       return accept_websocket(request, "test", [this](ByteStream& stream) { serve(stream); });
                     },
                 .async = {},
                 .upgrade_to = "websocket"});
    router_.add({.method = Method::kGet,
                 .pattern = "/closed",
                 .access = Access::kAdmin,
                 .handler = [](const Request&) { return Response::upgrade("websocket", {}, {}); },
                 .async = {},
                 .upgrade_to = "websocket"});
    router_.get("/plain", Access::kPublic, [](const Request&) { return Response::text("plain"); });
    options_.listen = "127.0.0.1:0";
  }
  void start() { server_ = Server::start(options_, router_).value(); }

  // Sends every text back, and as many binary bytes as came.
  void serve(ByteStream& stream) {
    SystemRandom random;
    WebSocket socket(stream, WebSocketRole::kServer, random);
    while (!socket.is_over()) {
      socket.receive(1 << 20, [&](const WebSocketEvent& event) {
        if (event.kind == WebSocketEvent::Kind::kText) {
          socket.send_text(event.text + " " + std::to_string(socket.binary_received()));
        }
      });
      const bool is_blocked = socket.flush() == IoState::kWouldBlock;
      if (!socket.is_over()) stream.wait(true, is_blocked, seconds(5));
    }
    fault_.set_value(socket.fault());
  }
  std::string exchange(std::string_view bytes) {
    RawConnection raw(server_->port());
    raw.send(bytes);
    std::string answer = raw.read_all();
    EXPECT_FALSE(raw.timed_out());
    return answer;
  }

  Router router_;
  ServerOptions options_;
  std::promise<std::string> fault_;
  std::unique_ptr<Server> server_;
};

TEST_F(UpgradeTest, HandsOverWhatCameWithTheRequest) {
  start();
  RawConnection raw(server_->port());
  // "hi" and a Close, masked with zeros, behind the head already.
  raw.send("GET /ws HTTP/1.1\r\n" + kUpgrade + "\r\n" + std::string("\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0", 14));
  const std::string answer = raw.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Protocol: test\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, testing::EndsWith(std::string("\r\n\r\n\x81\x04hi 0\x88\x00", 12)));
  EXPECT_EQ(fault_.get_future().get(), "");
}

struct Wrong {
  const char* name;
  std::string request;
  int status;
};
class UpgradeRefuses : public UpgradeTest, public testing::WithParamInterface<Wrong> {};
TEST_P(UpgradeRefuses, WithTheRightAnswer) {
  start();
  EXPECT_THAT(exchange(GetParam().request), StartsWith(fmt::format("HTTP/1.1 {} ", GetParam().status)));
  EXPECT_EQ(Client::create(server_->url())->get("/plain").value().status, 200);
  EXPECT_EQ(server_->counters().takeovers_open, 0U);
}
std::string with(std::string_view line, std::string_view instead) {
  std::string text = kUpgrade;
  text.replace(text.find(line), line.size(), instead);
  return "GET /ws HTTP/1.1\r\n" + text + "\r\n";
}
INSTANTIATE_TEST_SUITE_P(
    Request, UpgradeRefuses,
    testing::Values(Wrong{"no_upgrade", "GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", 426},
                    Wrong{"other_protocol", with("websocket", "h2c"), 426},
                    Wrong{"not_named", with("keep-alive, Upgrade", "x"), 426},
                    Wrong{"http_1_0", "GET /ws HTTP/1.0\r\n" + kUpgrade + "\r\n", 426},
                    Wrong{"head", "HEAD /ws HTTP/1.1\r\n" + kUpgrade + "\r\n", 426},
                    Wrong{"post", "POST /ws HTTP/1.1\r\n" + kUpgrade + "\r\n", 501},
                    Wrong{"body", "GET /ws HTTP/1.1\r\n" + kUpgrade + "Content-Length: 3\r\n\r\nabc", 400},
                    Wrong{"version", with("Version: 13", "Version: 8"), 426}, Wrong{"key", with("dGhl", "dGh"), 400},
                    Wrong{"subprotocol", with("other, test", "other"), 400},
                    Wrong{"not_there", "GET /plain HTTP/1.1\r\n" + kUpgrade + "\r\n", 501},
                    Wrong{"gate", "GET /closed HTTP/1.1\r\n" + kUpgrade + "Connection: close\r\n\r\n", 401},
                    Wrong{"gate_before_that", "GET /closed HTTP/1.1\r\nHost: a\r\n\r\n", 401}),
    [](const auto& one) { return one.param.name; });

TEST_F(UpgradeTest, BoundsThemAndCountsThem) {
  options_.limits.takeovers = 1;
  start();
  RawConnection first(server_->port());
  first.send("GET /ws HTTP/1.1\r\n" + kUpgrade + "\r\n");
  first.read_until("\r\n\r\n");
  EXPECT_EQ(server_->counters().takeovers_open, 1U);
  EXPECT_EQ(server_->counters().connections_open, 1U);
  const std::string second = exchange("GET /ws HTTP/1.1\r\n" + kUpgrade + "\r\n");
  EXPECT_THAT(second, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(second, HasSubstr("Retry-After: "));
}

TEST_F(UpgradeTest, NoMoreThanAllowedAlsoWhenTheyComeTogether) {
  options_.limits.takeovers = 2;
  start();
  std::vector<std::unique_ptr<RawConnection>> peers(12);
  for (auto& peer : peers) peer = std::make_unique<RawConnection>(server_->port());
  for (auto& peer : peers) peer->send("GET /ws HTTP/1.1\r\n" + kUpgrade + "\r\n");
  int taken_over = 0;
  for (auto& peer : peers) {
    if (peer->read_until("\r\n\r\n").starts_with("HTTP/1.1 101 ")) ++taken_over;
  }
  EXPECT_EQ(taken_over, 2);
}

TEST_F(UpgradeTest, StopEndsThem) {
  start();
  RawConnection peer(server_->port());
  peer.send("GET /ws HTTP/1.1\r\n" + kUpgrade + "\r\n");
  peer.read_until("\r\n\r\n");
  server_->stop();
  EXPECT_EQ(peer.read_all(), "");
  EXPECT_FALSE(peer.timed_out());
  EXPECT_EQ(server_->counters().takeovers_open, 0U);
}

class UpgradeOver : public UpgradeTest, public testing::WithParamInterface<bool> {};
TEST_P(UpgradeOver, MessagesOfEverySize) {
  const TlsFiles files;
  WebSocketRequest request;
  if (GetParam()) {
    options_.tls_certificate = files.certificate();
    options_.tls_key = files.key();
    request.target.tls = true;
    request.target.ca_file = files.certificate();
  }
  start();
  request.target.host = "127.0.0.1";
  request.target.port = Port{server_->port()};
  request.path = "/ws";
  request.protocol = "test";
  SystemRandom random;
  const auto connected = connect_websocket(request, random);
  ASSERT_TRUE(connected.has_value()) << connected.error().message();
  ByteStream& stream = **connected;
  EXPECT_EQ(stream.is_tls(), GetParam());
  WebSocket socket(stream, WebSocketRole::kClient, random);
  const std::vector<std::byte> block(100'000, std::byte{7});
  std::uint64_t total = 0;
  std::vector<std::string> answers;
  for (const std::uint64_t size : {1ULL, 126ULL, 70'000ULL, 1ULL << 24}) {
    total += size;
    while (socket.binary_sent() < total) {
      const IoState state = socket.send_binary(block, size);
      ASSERT_TRUE(state == IoState::kDone || state == IoState::kWouldBlock) << socket.fault();
      if (state == IoState::kWouldBlock) stream.wait(false, true, seconds(5));
    }
    ASSERT_TRUE(socket.send_text("so far"));
    socket.flush();
    const std::string expected = "so far " + std::to_string(total);
    while (answers.empty() || answers.back() != expected) {
      ASSERT_TRUE(stream.wait(true, false, seconds(5)).read);
      socket.receive(1 << 20, [&](const WebSocketEvent& event) { answers.push_back(event.text); });
      ASSERT_FALSE(socket.is_over()) << socket.fault();
      socket.flush();
    }
  }
  EXPECT_EQ(answers.size(), 4U);
  socket.close(CloseCode::kNormal, "done");
  while (!socket.is_over()) {
    socket.flush();
    stream.wait(true, false, seconds(5));
    socket.receive(1 << 20, [](const WebSocketEvent&) {});
  }
  EXPECT_EQ(socket.fault(), "");
  EXPECT_EQ(socket.peer_code(), CloseCode::kNormal);
  EXPECT_EQ(fault_.get_future().get(), "");
}
INSTANTIATE_TEST_SUITE_P(Transport, UpgradeOver, testing::Bool(),
                         [](const auto& one) { return one.param ? "tls" : "plain"; });

TEST_F(UpgradeTest, ClientTellsWhatTheServerAnswersInstead) {
  start();
  SystemRandom random;
  WebSocketRequest request;
  request.target.host = "127.0.0.1";
  request.target.port = Port{server_->port()};
  request.path = "/ws";
  request.protocol = "none";
  EXPECT_THAT(connect_websocket(request, random).error().message(), HasSubstr("does not offer test"));
  request.path = "/nowhere";
  EXPECT_EQ(connect_websocket(request, random).error().code, ErrorCode::kIo);
  request.target.tls = true;
  EXPECT_EQ(connect_websocket(request, random).error().code, ErrorCode::kCorrupt);
}

TEST(WebSocketUrlTest, ReadsWhatPeopleWrite) {
  const auto read = [](std::string_view url) {
    const auto parsed = parse_websocket_url(url).value();
    return fmt::format("{} {} {} {}", parsed.tls, parsed.host, parsed.port.value, parsed.path);
  };
  EXPECT_EQ(read("wss://speed.example/a/"), "true speed.example 443 /a");
  EXPECT_EQ(read("ws://[::1]:8780"), "false ::1 8780 ");
  EXPECT_EQ(read("192.0.2.1:8780"), "false 192.0.2.1 8780 ");
  EXPECT_EQ(read("2001:db8::1"), "false 2001:db8::1 80 ");
  for (const char* wrong : {"", "ftp://x", "ws://", "h:0", "h:70000", "u@h"}) {
    EXPECT_FALSE(parse_websocket_url(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace gnomon::http
