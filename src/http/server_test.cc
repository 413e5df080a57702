#include "http/server.h"

#include <future>

#include "http/client.h"
#include "http/content_coding.h"
#include "http/event_stream.h"
#include "http/held_port_for_test.h"
#include "http/raw_connection_for_test.h"

namespace gnomon::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    router_.get("/hello", Access::kPublic, [](const Request& request) {
      return Response::text("hello " + std::string(request.query_value("name").value_or("world")));
    });
    router_.post("/echo", Access::kPublic, [](const Request& request) { return Response::text(request.body); });
    router_.add({Method::kPost,
                 "/large",
                 Access::kPublic,
                 1024UL * 1024,
                 [](const Request& request) { return Response::text(std::to_string(request.body.size())); },
                 {}});
    router_.get("/events", Access::kPublic, [this](const Request&) { return Response::events(hub_.subscribe()); });
    options_.listen = "127.0.0.1:0";
    options_.headers.set("X-Content-Type-Options", "nosniff");
  }
  void start() { server_ = Server::start(options_, router_).value(); }
  std::string exchange(std::string_view bytes) {
    RawConnection raw(server_->port());
    raw.send(bytes);
    std::string answer = raw.read_all();
    EXPECT_FALSE(raw.timed_out());
    return answer;
  }
  Client client() { return Client::create(server_->url()).value(); }

  EventHub hub_;
  Router router_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  auto user = client();
  for (int i = 0; i < 3; ++i) {
    const auto answer = user.get("/hello?name=%E5%B9%BF").value();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello \u5e7f");
    EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff");
  }
  EXPECT_EQ(server_->counters().connections_accepted, 1U);
  EXPECT_EQ(server_->counters().requests, 3U);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  const auto answers = exchange(
      "GET /hello?name=1 HTTP/1.1\r\nHost: a\r\n\r\nGET /hello?name=2 HTTP/1.1\r\nHost: a\r\nConnection: "
      "close\r\n\r\n");
  EXPECT_LT(answers.find("hello 1"), answers.find("hello 2"));
  EXPECT_NE(answers.find("hello 2"), std::string::npos);
}

TEST_F(ServerTest, HeadSendsLengthWithoutBody) {
  start();
  const auto answer = exchange("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

struct Malformed {
  const char* name;
  std::string bytes;
  int status;
};
class ServerRefuses : public ServerTest, public testing::WithParamInterface<Malformed> {};
TEST_P(ServerRefuses, AndGoesOnServing) {
  start();
  EXPECT_THAT(exchange(GetParam().bytes), StartsWith(fmt::format("HTTP/1.1 {} ", GetParam().status)));
  EXPECT_EQ(client().get("/hello").value().status, 200);
}
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\n";
INSTANTIATE_TEST_SUITE_P(
    Input, ServerRefuses,
    testing::Values(
        Malformed{"garbage", "\x16\x03\x01\x02hello\r\n\r\n", 400},
        Malformed{"traversal", "GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        Malformed{"no_host", "GET /hello HTTP/1.1\r\n\r\n", 400},
        Malformed{"two_hosts", "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        Malformed{"space_before_colon", "GET /hello HTTP/1.1\r\nHost : a\r\n\r\n", 400},
        Malformed{"version", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 400},
        Malformed{"two_lengths", kPost + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
        Malformed{"negative_length", kPost + "Content-Length: -1\r\n\r\n", 400},
        Malformed{"length_and_chunked", kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  400},
        Malformed{"chunked_and_length", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
                  400},
        Malformed{"odd_coding", kPost + "Transfer-Encoding: gzip\r\n\r\n", 501},
        Malformed{"bad_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        Malformed{"content_coding", kPost + "Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx", 415},
        Malformed{"not_zstd", kPost + "Connection: close\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx", 400},
        Malformed{"large_by_length", kPost + "Content-Length: 65537\r\n\r\n", 413},
        Malformed{"huge_length", kPost + "Content-Length: 18446744073709551615\r\n\r\n", 413},
        Malformed{"large_by_chunk", kPost + "Transfer-Encoding: chunked\r\n\r\n10001\r\n", 413},
        Malformed{"many_headers",
                  "GET /hello HTTP/1.1\r\nHost: a\r\n" +
                      [] {
                        std::string flood;
                        for (int i = 0; i < 3000; ++i) flood += fmt::format("X-{}: y\r\n", i);
                        return flood;
                      }() +
                      "\r\n",
                  431},
        Malformed{"long_header", "GET /hello HTTP/1.1\r\nHost: " + std::string(20'000, 'a') + "\r\n\r\n", 431},
        Malformed{"method", "BREW /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405},
        Malformed{"post_to_get", "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                  405},
        Malformed{"unknown", "GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_F(ServerTest, ATruncatedBodyIsAnsweredWithItsOffset) {
  start();
  RawConnection raw(server_->port());
  raw.send(kPost + "Content-Length: 100\r\n\r\n0123456789");
  raw.end_sending();
  const auto answer = raw.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("at byte 10"));
}

TEST_F(ServerTest, TheRouteDecidesTheBodyLimit) {
  start();
  auto user = client();
  EXPECT_EQ(user.post("/large", std::string(1024UL * 1024, 'x'), "text/plain").value().body, "1048576");
  EXPECT_EQ(user.post("/large", std::string(1024UL * 1024 + 1, 'x'), "text/plain").value().status, 413);
}

TEST_F(ServerTest, ExpandsZstdWithinTheLimit) {
  start();
  auto user = client();
  ClientRequest request;
  request.method = Method::kPost;
  request.target = "/large";
  request.headers.set("Content-Encoding", "zstd");
  request.body = *zstd_pack(std::string(1024UL * 1024, 'x'));
  EXPECT_EQ(user.send(request).value().body, "1048576");
  request.body = *zstd_pack(std::string(1024UL * 1024 + 1, 'x'));
  EXPECT_EQ(user.send(request).value().status, 413);
}

TEST_F(ServerTest, ASlowHeaderEndsTheConnection) {
  options_.limits.header_timeout = std::chrono::milliseconds(100);
  start();
  RawConnection raw(server_->port());
  raw.send("GET /hello HTTP/1.1\r\nHost:");
  raw.read_all();
  EXPECT_FALSE(raw.timed_out());
}

TEST_F(ServerTest, ASlowBodyEndsTheConnection) {
  options_.limits.body_timeout = std::chrono::milliseconds(100);
  start();
  RawConnection raw(server_->port());
  raw.send(kPost + "Content-Length: 10\r\n\r\n123");
  EXPECT_EQ(raw.read_all(), "");
  EXPECT_FALSE(raw.timed_out());
}

TEST_F(ServerTest, AnIdleConnectionEnds) {
  options_.limits.idle_timeout = std::chrono::milliseconds(100);
  start();
  RawConnection raw(server_->port());
  raw.read_all();
  EXPECT_FALSE(raw.timed_out());
}

TEST_F(ServerTest, ConnectionsOverTheLimitAreTurnedAway) {
  options_.limits.connections = 2;
  options_.limits.patience = std::chrono::hours(1);
  start();
  RawConnection first(server_->port());
  RawConnection second(server_->port());
  for (auto* raw : {&first, &second}) {
    raw->send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    raw->read_until("hello world");
  }
  RawConnection third(server_->port());
  const auto answer = third.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After"));
  EXPECT_EQ(server_->counters().connections_refused, 1U);
}

TEST_F(ServerTest, OneAddressCannotTakeAllConnections) {
  options_.limits.connections_per_address = 1;
  options_.limits.count_loopback = true;
  start();
  {
    RawConnection first(server_->port());
    first.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    first.read_until("hello world");
    EXPECT_THAT(RawConnection(server_->port()).read_all(), StartsWith("HTTP/1.1 503 "));
  }
  EXPECT_EQ(server_->counters().connections_refused, 1U);
}

TEST_F(ServerTest, BodiesInFlightAreBounded) {
  options_.limits.body_bytes_in_flight = 1000;
  start();
  const auto answer = exchange(kPost + "Content-Length: 3000\r\n\r\n" + std::string(2000, 'x'));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After"));
}

TEST_F(ServerTest, AnAnswerThatDoesNotComeIs503) {
  options_.limits.answer_timeout = std::chrono::milliseconds(50);
  Respond kept;
  router_.add({Method::kGet, "/never", Access::kPublic, kSmallBody, {}, [&kept](const auto&, const Respond& respond) {
                 kept = respond;
               }});
  start();
  EXPECT_EQ(client().get("/never").value().status, 503);
  server_->stop();
  kept(Response::text("too late"));  // Falls on deaf ears.
}

TEST_F(ServerTest, AsksForTheBodyWhenExpected) {
  start();
  RawConnection raw(server_->port());
  raw.send(kPost + "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(raw.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 "));
  raw.send("ok");
  EXPECT_THAT(raw.read_all(), testing::EndsWith("\r\n\r\nok"));
}

TEST_F(ServerTest, StreamsEventsAndPingsAndEnds) {
  options_.limits.event_ping = std::chrono::milliseconds(20);
  start();
  RawConnection raw(server_->port());
  raw.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(raw.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
  raw.read_until(": ping\n\n");
  hub_.publish("change", "{}");
  raw.read_until("id: 1\nevent: change\ndata: {}\n\n");
  EXPECT_FALSE(raw.timed_out());
  hub_.close_all();
  EXPECT_THAT(raw.read_all(), testing::EndsWith("0\r\n\r\n"));
}

TEST_F(ServerTest, StopEndsStreamsAndWaitsForHandlers) {
  std::promise<void> entered;
  std::promise<void> go;
  router_.get("/slow", Access::kPublic, [&](const Request&) {
    entered.set_value();
    go.get_future().wait();
    return Response::text("done");
  });
  const HeldPort port;  // Nobody else's, once the server has let it go.
  options_.listen = port.endpoint();
  start();
  RawConnection events(server_->port());
  events.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  events.read_until("\r\n\r\n");
  RawConnection slow(server_->port());
  slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  auto stopping = std::async(std::launch::async, [this] { server_->stop(); });
  events.read_all();
  EXPECT_FALSE(events.timed_out());
  go.set_value();
  EXPECT_THAT(slow.read_all(), testing::EndsWith("done"));
  stopping.wait();
  EXPECT_FALSE(RawConnection(port.number()).connected());
}

}  // namespace
}  // namespace gnomon::http
